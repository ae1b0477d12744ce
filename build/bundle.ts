/**
 * Bundles the programs for the image: one file each, without node_modules to read at start-up and without what nobody
 * uses. What most runs don't need, umzug and the SQL parser, stands beside it and is read when it is imported.
 *
 * CommonJS, because a run with nothing to do takes as long as its code takes to load (docs/decisions/011-bundles.md).
 */
import { copyFile, rm, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { BuildOptions, Plugin } from "esbuild";
import { configOfClient } from "./client.ts";
import { withoutUnused } from "./without-unused.ts";

const programs = { lockkeeper: "job/main.ts", "lockkeeper-operator": "operator/main.ts" };
const apart = ["umzug", "libpg-query"];
const root = fileURLToPath(new URL("..", import.meta.url));
/** `node build/bundle.ts [FOLDER]` */
const outdir = resolve(process.argv[2] ?? join(root, "dist/bundle"));

/** Leaves the imports of what stands apart as they are, but for the place. */
const leaveApart: Plugin = {
  name: "leave-apart",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^(${apart.join("|")})$`) }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path: `./${path}.cjs`, external: true } : undefined,
    );
  },
};

const common: BuildOptions = {
  absWorkingDir: root,
  outdir,
  outExtension: { ".js": ".cjs" },
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node24",
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "linked",
  // `pg` asks for it when it is there; it never is.
  external: ["pg-native"],
  plugins: [withoutUnused, configOfClient, leaveApart],
  logLevel: "warning",
  logOverride: { "empty-import-meta": "error" },
};

await rm(outdir, { recursive: true, force: true });
await build({ ...common, entryPoints: programs });
await build({ ...common, entryPoints: Object.fromEntries(apart.map((name) => [name, name])) });
const parser = fileURLToPath(new URL("libpg-query.wasm", import.meta.resolve("libpg-query")));
await copyFile(parser, `${outdir}/libpg-query.wasm`);
for (const program of Object.keys(programs)) {
  const file = `${outdir}/${program}.cjs`;
  console.log(`${relative(root, file)}: ${Math.ceil((await stat(file)).size / 1024)} KB`);
}
