import type { Plugin } from "esbuild";

/** Modules that are imported where nobody uses them, so that esbuild can't leave them out by itself. */
const unused = [
  // umzug imports its own command line, with a parser for it.
  { importer: /[/\\]umzug[/\\]lib[/\\]/, path: "./cli" },
  // zod's messages in all languages; its English is imported on its own.
  { importer: /[/\\]zod[/\\]v4[/\\]/, path: "../locales/index.js" },
  // pino's own ways to write, by files and threads: it gets a stream of ours.
  ...["./transport", "./lib/transport", "sonic-boom", "on-exit-leak-free", "worker_threads"].map((path) => ({
    importer: /[/\\]pino[/\\](?:pino|lib[/\\]tools)\.js$/,
    path,
  })),
  // Its own ways to redact, and to write to several streams: what we log is redacted by contract/redact.ts.
  { importer: /[/\\]pino[/\\]lib[/\\]redaction\.js$/, path: "@pinojs/redact" },
  { importer: /[/\\]pino[/\\]pino\.js$/, path: "./lib/multistream" },
  // pg's pools, and its other client: a run has two connections of its own.
  ...["pg-pool", "./native"].map((path) => ({ importer: /[/\\]pg[/\\]lib[/\\]index\.js$/, path })),
];

/** Puts an empty class in the place of each: some are asked for by `instanceof`. */
export const withoutUnused: Plugin = {
  name: "without-unused",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /.*/ }, ({ importer, path }) => {
      const known = unused.some((module) => module.path === path && module.importer.test(importer));
      return known ? { path, namespace: "unused" } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: "module.exports = class {};" }));
  },
};
