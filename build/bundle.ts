/**
 * Makes one file of each program, for the image: no node_modules to read at start-up, and nothing in it that it doesn't
 * use. What a program imports lazily is in the file too, but is evaluated only when it is asked for.
 */
import { stat } from "node:fs/promises";
import { build } from "esbuild";
import { embedParser } from "./embed-parser.ts";
import { withoutUnused } from "./without-unused.ts";

const programs = { lockkeeper: "job/main.ts" };

/** What CommonJS code expects to find, and an ES module doesn't have. */
const commonJs = [
  'import { createRequire as createRequireOfBundle } from "node:module";',
  "const require = createRequireOfBundle(import.meta.url);",
  "const [__filename, __dirname] = [import.meta.filename, import.meta.dirname];",
].join("\n");

for (const [program, entry] of Object.entries(programs)) {
  const outfile = `dist/bundle/${program}.mjs`;
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "eof",
    banner: { js: commonJs },
    // `pg` asks for it when it is there; it never is.
    external: ["pg-native"],
    plugins: [withoutUnused, embedParser],
    logLevel: "warning",
    logOverride: { "empty-import-meta": "error" },
  });
  console.log(`${outfile}: ${Math.ceil((await stat(outfile)).size / 1024)} KB`);
}
