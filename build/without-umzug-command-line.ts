import type { Plugin } from "esbuild";

/** umzug imports its own command line, with a parser for it, even where nobody calls it. */
export const withoutUmzugCommandLine: Plugin = {
  name: "without-umzug-command-line",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^\.\/cli$/ }, ({ importer, path }) =>
      /[/\\]umzug[/\\]lib[/\\]/.test(importer) ? { path, namespace: "umzug-command-line" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "umzug-command-line" }, () => ({ contents: "" }));
  },
};
