import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Migration } from "./migrations.ts";

/** The `when` of the first entry of the drizzle journal; each further one is a second later. */
const FIRST_WHEN = Date.UTC(2024, 0, 1);

/** What drizzle's own history table holds for a migration: its hash and its journal time. */
export const drizzleText = (migration: Migration) => `${migration.sql};`;
export const drizzleHash = (migration: Migration) => createHash("sha256").update(drizzleText(migration)).digest("hex");
export const drizzleWhen = (migration: Migration) => FIRST_WHEN + migration.number * 1_000;

const writeEach = (dir: string, all: readonly Migration[], suffix: string, text: (migration: Migration) => string) => {
  mkdirSync(dir, { recursive: true });
  for (const migration of all) writeFileSync(join(dir, `${migration.name}${suffix}`), text(migration));
};

/** Writers of one list of migrations in each tool's own form, each into a folder of its own. */
export const folders = {
  /** `NAME.sql`: Lockkeeper, and umzug as most people wire it. */
  sql: (dir: string, all: readonly Migration[]) => writeEach(dir, all, ".sql", ({ sql }) => `${sql};\n`),

  /** What drizzle-kit 0.x generates; a file of one statement has no breakpoint. */
  drizzle: (dir: string, all: readonly Migration[]) => {
    writeEach(dir, all, ".sql", drizzleText);
    mkdirSync(join(dir, "meta"), { recursive: true });
    const entries = all.map((migration, idx) => ({
      idx,
      version: "7",
      when: drizzleWhen(migration),
      tag: migration.name,
      breakpoints: true,
    }));
    writeFileSync(
      join(dir, "meta/_journal.json"),
      JSON.stringify({ version: "7", dialect: "postgresql", entries }, null, 2),
    );
  },

  /** node-pg-migrate reads SQL files faster than it imports as many modules. */
  nodePgMigrate: (dir: string, all: readonly Migration[]) =>
    writeEach(dir, all, ".sql", ({ sql }) => `-- Up Migration\n${sql};\n\n-- Down Migration\n`),

  goose: (dir: string, all: readonly Migration[]) =>
    writeEach(dir, all, ".sql", ({ sql }) => `-- +goose Up\n${sql};\n`),

  golangMigrate: (dir: string, all: readonly Migration[]) => writeEach(dir, all, ".up.sql", ({ sql }) => `${sql};\n`),

  /**
   * The floor: psql joins statements that are divided by `\;` and sends them as one message. One file, as psql wants
   * it; the history row is in the same transaction.
   */
  psql: (dir: string, all: readonly Migration[]) => {
    mkdirSync(dir, { recursive: true });
    const create =
      "CREATE TABLE bench_history (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());\n";
    const messages = all.map(
      ({ name, sql }) => `BEGIN\\; INSERT INTO bench_history (name) VALUES ('${name}')\\; ${sql}\\; COMMIT;\n`,
    );
    writeFileSync(join(dir, "all.sql"), create + messages.join(""));
  },
} satisfies Record<string, (dir: string, all: readonly Migration[]) => void>;

export type FolderKind = keyof typeof folders;
