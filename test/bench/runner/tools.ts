import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export type Tool = { file: string; version: string };

export type Tools = {
  psql: Tool;
  /** Null where there is no Go to build it with. */
  goose: Tool | null;
  golangMigrate: Tool | null;
  /** The bundled command, built now; from source where nothing builds it; null where there is neither. */
  lockkeeper: Tool | null;
  /** Versions of the npm packages, as installed. */
  versions: Record<"drizzle-orm" | "node-pg-migrate" | "umzug" | "pg", string>;
};

const GOOSE = { module: "github.com/pressly/goose/v3/cmd/goose", version: "v3.29.0" };
const GOLANG_MIGRATE = { module: "github.com/golang-migrate/migrate/v4/cmd/migrate", version: "v4.20.1" };
/** goose carries drivers for eight databases; the others only make its build longer. */
const GOOSE_TAGS = "no_clickhouse no_libsql no_mssql no_mysql no_sqlite3 no_vertica no_ydb";

type Manifest = { version: string; scripts?: Record<string, string> };

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../../..");
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "lockkeeper", "bench");

const run = (file: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string => {
  const result = spawnSync(file, args, { encoding: "utf8", ...options, env: { ...process.env, ...options.env } });
  if (result.error !== undefined) throw result.error;
  if (result.status !== 0) throw new Error(`${file} ${args.join(" ")} failed:\n${result.stdout}${result.stderr}`);
  return result.stdout;
};

const found = (file: string) => spawnSync(file, ["--version"]).error === undefined;

const psql = (): Tool => {
  if (!found("psql")) {
    if (process.getuid?.() !== 0 || !found("apt-get")) {
      throw new Error("The benchmark's floor is psql. Install a PostgreSQL client (Debian: postgresql-client).");
    }
    console.error("Installing psql (apt-get install postgresql-client)");
    run("apt-get", ["install", "-y", "--no-install-recommends", "postgresql-client"]);
  }
  return { file: "psql", version: /\d+(\.\d+)*/.exec(run("psql", ["--version"]))?.[0] ?? "" };
};

/** Builds a pinned Go program once, outside the checkout, or returns null where Go isn't. */
const goProgram = (
  name: string,
  { module, version }: { module: string; version: string },
  tags: string,
): Tool | null => {
  const bin = join(cache, version);
  const file = join(bin, name);
  if (existsSync(file)) return { file, version };
  const go = ["go", "/usr/local/go/bin/go"].find((candidate) => spawnSync(candidate, ["version"]).status === 0);
  if (go === undefined) {
    console.error(`${name} is left out: there is no Go to build it with`);
    return null;
  }
  console.error(`Building ${name} ${version} with ${run(go, ["version"]).trim()}`);
  mkdirSync(bin, { recursive: true });
  run("nice", ["-n", "15", go, "install", "-tags", tags, `${module}@${version}`], { env: { GOBIN: bin } });
  return { file, version };
};

const installed = (name: string): string => {
  const manifest = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8")) as {
    version: string;
  };
  return manifest.version;
};

/** Builds the bundle first: an old one would be measured in silence. */
const lockkeeper = (): Tool | null => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  if (manifest.scripts?.["bundle"] !== undefined) {
    console.error("Building Lockkeeper (npm run bundle)");
    run("npm", ["run", "--silent", "bundle"], { cwd: root });
  }
  const [bundle, source] = [join(root, "dist/bundle/lockkeeper.cjs"), join(root, "job/main.ts")];
  if (existsSync(bundle)) return { file: bundle, version: manifest.version };
  return existsSync(source) ? { file: source, version: `${manifest.version} (from source)` } : null;
};

/** Installs what the benchmark runs against, and says so. */
export const prepareTools = (): Tools => {
  console.error("Installing the other tools (npm ci in test/bench/runner)");
  run("npm", ["ci", "--loglevel=error"], { cwd: here });
  return {
    psql: psql(),
    goose: goProgram("goose", GOOSE, GOOSE_TAGS),
    lockkeeper: lockkeeper(),
    golangMigrate: goProgram("migrate", GOLANG_MIGRATE, "postgres"),
    versions: {
      "drizzle-orm": installed("drizzle-orm"),
      "node-pg-migrate": installed("node-pg-migrate"),
      umzug: installed("umzug"),
      pg: installed("pg"),
    },
  };
};
