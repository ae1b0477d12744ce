import { dirname } from "node:path";
import type { Plugin } from "esbuild";

/** The one file of @kubernetes/client-node that the operator imports, and what belongs to it. */
const CLIENT = /[/\\]@kubernetes[/\\]client-node[/\\]dist[/\\]\w+\.js$/;

/** The typed API and its transport, for methods that nobody calls here. */
const UNUSED = ["./gen/index.js", "./middleware.js", "undici", "socks"];

/** Only some kubeconfigs need them, and a pod none: loaded when something of them is used. */
const LATER = ["hpagent", "js-yaml", "jsonpath-plus", "socks-proxy-agent"];

/** The client 2.0.1 can't renew an OpenID token: it gives this library a text where that wants a URL. */
const OPENID = "openid-client";
const openid = `exports.discovery = () => {
  throw new Error("OpenID tokens of a kubeconfig aren't renewed: use an exec plugin like kubelogin");
};`;

/**
 * Of the Kubernetes client the bundle has what reads a configuration and authenticates by it. The rest would be most of
 * the operator's memory (docs/decisions/013-operator-bundle.md).
 */
export const configOfClient: Plugin = {
  name: "config-of-client",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /.*/ }, ({ importer, path }) => {
      if (!CLIENT.test(importer)) return undefined;
      if (UNUSED.includes(path)) return { path, namespace: "client-unused" };
      if (path === OPENID) return { path, namespace: "client-openid" };
      return LATER.includes(path) ? { path, namespace: "client-later", pluginData: dirname(importer) } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "client-unused" }, () => ({ contents: "module.exports = {};" }));
    onLoad({ filter: /.*/, namespace: "client-openid" }, () => ({ contents: openid }));
    onLoad({ filter: /.*/, namespace: "client-later" }, async ({ path, pluginData }) => {
      const names = Object.keys((await import(path)) as Record<string, unknown>);
      return {
        contents: `module.exports = {${names.map((name) => getter(path, name)).join()}};`,
        resolveDir: pluginData as string,
      };
    });
  },
};

const getter = (module: string, name: string): string =>
  `get ${JSON.stringify(name)}() { return require(${JSON.stringify(module)})[${JSON.stringify(name)}]; }`;
