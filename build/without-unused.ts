import type { Plugin } from "esbuild";

/** Modules that are imported where nobody uses them, so that esbuild can't leave them out by itself. */
const unused = [
  // umzug imports its own command line, with a parser for it.
  { importer: /[/\\]umzug[/\\]lib[/\\]/, path: "./cli" },
  // zod's messages in all languages; its English is imported on its own.
  { importer: /[/\\]zod[/\\]v4[/\\]/, path: "../locales/index.js" },
];

/** Puts an empty module in the place of each. */
export const withoutUnused: Plugin = {
  name: "without-unused",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/(cli|locales\/index\.js)$/ }, ({ importer, path }) => {
      const known = unused.some((module) => module.path === path && module.importer.test(importer));
      return known ? { path, namespace: "unused" } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "unused" }, () => ({ contents: "" }));
  },
};
