/**
 * Bundles the programs for the image: one file each, without node_modules to read at start-up and without what nobody
 * uses. What most runs don't need, umzug and the SQL parser, stands beside it and is read when it is imported.
 *
 * CommonJS, because a run with nothing to do takes as long as its code takes to load (docs/decisions/011-bundles.md).
 */
import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import type { BuildOptions, Plugin } from "esbuild";
import { configOfClient } from "./client.ts";
import { startServer } from "../test/postgres/server.ts";
import { buildDashboard } from "./dashboard.ts";
import { withoutUnused } from "./without-unused.ts";

/** What stands apart, by the names that it is imported by. */
const apart = {
  umzug: "umzug",
  "libpg-query": "libpg-query",
  "./import-module.ts": "job/source/import-module.ts",
};
const root = fileURLToPath(new URL("..", import.meta.url));
/** `node build/bundle.ts [FOLDER]` */
const outdir = resolve(process.argv[2] ?? join(root, "dist/bundle"));

/** Leaves the imports of what stands apart as they are, but for the place. */
const leaveApart: Plugin = {
  name: "leave-apart",
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === "dynamic-import" && path in apart ? { path: `./${fileOf(path)}.cjs`, external: true } : undefined,
    );
  },
};

const fileOf = (name: string): string => basename(name, ".ts");

/** Of the parts of `pg`, one takes ours (build/pg-crypto.ts). */
const cryptoOfPg: Plugin = {
  name: "crypto-of-pg",
  setup({ onResolve }) {
    onResolve({ filter: /[/]utils$/ }, ({ importer, path }) => {
      const asked = resolve(dirname(importer), path);
      return /[/\\]pg[/\\]lib[/\\]crypto[/\\]utils$/.test(asked)
        ? { path: join(root, "build/pg-crypto.ts") }
        : undefined;
    });
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

/** The runner's, for its launcher: a function, to be compiled beforehand, that imports by `require`. */
const launched: BuildOptions = {
  banner: { js: "(function (require) {" },
  footer: { js: "})" },
  charset: "ascii",
  supported: { "dynamic-import": false },
  // By these `pg` looks for another runtime: Node has to load something for its answer.
  define: { navigator: '{"userAgent":"Node.js"}' },
  plugins: [cryptoOfPg, withoutUnused, leaveApart],
  outExtension: { ".js": ".program.js" },
};

/** On the PATH, kubectl finds the plugin by this name. A link to it will do: Node follows links. */
const forKubectl = `#!/usr/bin/env node
void import("./kubectl-lockkeeper.cjs");
`;

/** Has V8 compile what a run needs, by a run of each common format. From within the folder: its name would be in the bytes. */
async function compile(program: string): Promise<void> {
  await using server = await startServer({ version: 18 });
  const sql = await mkdtemp(join(tmpdir(), "lockkeeper-migrations-"));
  try {
    for (const name of ["0001_a", "0002_b"])
      await writeFile(join(sql, `${name}.sql`), `create table "${name}" (id int);\n`);
    const drizzle = join(root, "examples/workoutlog/releases/1/drizzle");
    const script = join(root, "build/code-cache.ts");
    const args = ["--hash-seed=1", "--random-seed=1", script, program, sql, drizzle];
    const env = { PATH: process.env.PATH, DATABASE_URL: server.url };
    await promisify(execFile)(process.execPath, args, { cwd: outdir, env });
  } finally {
    await rm(sql, { recursive: true });
  }
}

await rm(outdir, { recursive: true, force: true });
await build({ ...common, entryPoints: { "lockkeeper-operator": "operator/main.ts" } });
await build({ ...common, entryPoints: { "kubectl-lockkeeper": "operator/cli/main.ts" } });
await build({ ...common, ...launched, entryPoints: { lockkeeper: "job/main.ts" } });
await build({ ...common, entryPoints: { lockkeeper: "build/launcher.ts" } });
await writeFile(`${outdir}/kubectl-lockkeeper`, forKubectl, { mode: 0o755 });
const entryPoints = Object.fromEntries(Object.entries(apart).map(([name, file]) => [fileOf(name), file]));
await build({ ...common, entryPoints });
const parser = fileURLToPath(new URL("libpg-query.wasm", import.meta.resolve("libpg-query")));
await copyFile(parser, `${outdir}/libpg-query.wasm`);
await buildDashboard(join(outdir, "dashboard"));
await compile("lockkeeper.program.js");
const programs = [
  "lockkeeper.program.js",
  "lockkeeper.program.js.cache",
  "lockkeeper-operator.cjs",
  "kubectl-lockkeeper.cjs",
];
for (const program of programs) {
  const file = `${outdir}/${program}`;
  console.log(`${relative(root, file)}: ${Math.ceil((await stat(file)).size / 1024)} KB`);
}
