import { fileURLToPath } from "node:url";
import { drizzleHash, drizzleWhen } from "./folders.ts";
import type { FolderKind } from "./folders.ts";
import type { Migration } from "./migrations.ts";
import type { Tool, Tools } from "./tools.ts";

export type Command = { file: string; args: string[]; env: Record<string, string> };

/** One way to run migrations, as its users run it: a process of its own. */
export type Contender = {
  id: string;
  label: string;
  folder: FolderKind;
  /** Is each migration a transaction of its own, and its history row part of that? */
  transactions: string;
  command: (dir: string, url: string) => Command;
  history: {
    /** Tables in the schema public that are the tool's own. */
    tables: string[];
    /** One text column: what the tool holds for applied, in order. */
    query: string;
    expected: (all: readonly Migration[]) => string[];
  };
};

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const node = (args: string[], env: Record<string, string>): Command => ({ file: process.execPath, args, env });
const plain = (url: string) => `${url}?sslmode=disable`;
const names = (all: readonly Migration[]) => all.map(({ name }) => name);

const lockkeeper = ({ file, version }: Tool, id: string, label: string, flags: string[]): Contender => ({
  id,
  label: `Lockkeeper ${version}, ${label}`,
  folder: "sql",
  transactions: "own, with its history row",
  command: (dir, url) => node([file, "migrate", "--dir", dir, ...flags], { DATABASE_URL: url }),
  history: {
    tables: [],
    query: "select name from lockkeeper.migration_history order by name",
    expected: names,
  },
});

/** By which all are judged. */
export const FLOOR = "psql";

/** All that can run on this machine, the floor first. */
export const contenders = (tools: Tools): Contender[] => {
  const all: Contender[] = [
    {
      id: FLOOR,
      label: `psql ${tools.psql.version}, one message per migration (the floor)`,
      folder: "psql",
      transactions: "own, with its history row",
      command: (dir, url) => ({
        file: tools.psql.file,
        args: ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", `${dir}/all.sql`, plain(url)],
        env: {},
      }),
      history: {
        tables: ["bench_history"],
        query: "select name from bench_history order by name",
        expected: names,
      },
    },
    {
      id: "node-pg-migrate",
      label: `node-pg-migrate ${tools.versions["node-pg-migrate"]}`,
      folder: "nodePgMigrate",
      transactions: "one for all",
      command: (dir, url) =>
        node([here("node_modules/node-pg-migrate/bin/node-pg-migrate.js"), "up", "-m", dir], { DATABASE_URL: url }),
      history: { tables: ["pgmigrations"], query: "select name from pgmigrations order by id", expected: names },
    },
    {
      id: "drizzle-orm",
      label: `drizzle-orm ${tools.versions["drizzle-orm"]}`,
      folder: "drizzle",
      transactions: "one for all",
      command: (dir, url) => node([here("contenders/drizzle.mjs"), dir], { DATABASE_URL: url }),
      history: {
        tables: [],
        query: "select hash || ' ' || created_at from drizzle.__drizzle_migrations order by id",
        expected: (list) => list.map((migration) => `${drizzleHash(migration)} ${drizzleWhen(migration)}`),
      },
    },
    {
      id: "umzug",
      label: `umzug ${tools.versions.umzug} with pg, the obvious way`,
      folder: "sql",
      transactions: "own, history row after it",
      command: (dir, url) => node([here("contenders/umzug.mjs"), dir], { DATABASE_URL: url }),
      history: {
        tables: ["bench_history"],
        query: "select name from bench_history order by name",
        expected: (list) => list.map(({ name }) => `${name}.sql`),
      },
    },
  ];
  if (tools.goose !== null) {
    const { file, version } = tools.goose;
    all.push({
      id: "goose",
      label: `goose ${version}`,
      folder: "goose",
      transactions: "own, with its history row",
      command: (dir, url) => ({
        file,
        args: ["-dir", dir, "up"],
        env: { GOOSE_DRIVER: "postgres", GOOSE_DBSTRING: plain(url) },
      }),
      history: {
        tables: ["goose_db_version"],
        query: "select version_id::text from goose_db_version where is_applied and version_id > 0 order by id",
        expected: (list) => list.map(({ number }) => String(number)),
      },
    });
  }
  if (tools.golangMigrate !== null) {
    const { file, version } = tools.golangMigrate;
    all.push({
      id: "golang-migrate",
      label: `golang-migrate ${version}`,
      folder: "golangMigrate",
      transactions: "own, dirty flag around it",
      command: (dir, url) => ({ file, args: ["-path", dir, "-database", plain(url), "up"], env: {} }),
      history: {
        tables: ["schema_migrations"],
        query: "select version || ' ' || dirty from schema_migrations",
        expected: (list) => list.slice(-1).map(({ number }) => `${number} false`),
      },
    });
  }
  if (tools.lockkeeper !== null) {
    all.push(lockkeeper(tools.lockkeeper, "lockkeeper-one", "one a message", ["--batch", "1"]));
    all.push(lockkeeper(tools.lockkeeper, "lockkeeper", "in batches, as it comes", []));
  }
  return all;
};
