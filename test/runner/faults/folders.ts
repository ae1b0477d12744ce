import { createHash } from "node:crypto";
import { folder } from "../cli-process.ts";
import type { Folder } from "../cli-process.ts";

/** Nothing keeps its names unique: what is applied a second time shows. */
export const JOURNAL = "create table journal (name text not null)";

/** Each migration says in the journal that it ran. */
export const entry = (name: string): string => `insert into journal (name) values ('${name}')`;

/** A folder, the migrations in it and what is in the journal once all of it is applied. */
export type Sample = { files: Record<string, string>; history: string; names: string[]; journal: string[] };

/** Every kind of SQL file: two that share a message, one that goes alone, one with a transaction of its own ... */
export const SQL: Sample = {
  files: {
    "01_users.sql": `create table users (id int primary key, name text); ${entry("01")}`,
    "02_plans.sql": `create table plans (id int); ${entry("02")}`,
    "03_function.sql": `create function one() returns int language plpgsql as $$ BEGIN return 1; END $$; ${entry("03")}`,
    "04_wrapped.sql": `BEGIN;\nalter table users add column age int;\n${entry("04")};\nCOMMIT;`,
    "05_index.sql": `${entry("05 before")};\ncreate index concurrently users_name on users (name);\n${entry("05 after")}`,
    "06_vacuum.sql": `vacuum users;\n${entry("06")};\ndrop index concurrently users_name;`,
    "07_last.sql": `create table workouts (id int); ${entry("07")}`,
  },
  history: "select name from lockkeeper.migration_history order by applied_at, name",
  names: ["01_users", "02_plans", "03_function", "04_wrapped", "05_index", "06_vacuum", "07_last"],
  journal: ["01", "02", "03", "04", "05 after", "05 before", "06", "07"],
};

/** A drizzle folder, with drizzle's own history. */
export const DRIZZLE: Sample = {
  files: {
    "0000_first.sql": `create table users (id int);\n--> statement-breakpoint\n${entry("0000")}`,
    "0001_second.sql": `${entry("0001 before")};\ncreate index concurrently users_id on users (id);`,
    "0002_third.sql": entry("0002"),
    "meta/_journal.json": JSON.stringify({
      version: "7",
      dialect: "postgresql",
      entries: ["0000_first", "0001_second", "0002_third"].map((tag, idx) => ({
        idx,
        version: "7",
        when: 1_700_000_000_000 + idx,
        tag,
        breakpoints: true,
      })),
    }),
  },
  history: "select hash as name from drizzle.__drizzle_migrations order by created_at",
  names: [],
  journal: ["0000", "0001 before", "0002"],
};
DRIZZLE.names = ["0000_first", "0001_second", "0002_third"].map((tag) =>
  createHash("sha256")
    .update(DRIZZLE.files[`${tag}.sql`] ?? "")
    .digest("hex"),
);

const module = (name: string): string =>
  `export async function up({ client }) { await client.query("select 1"); await client.query("${entry(name)}"); }\n`;

export const MODULES: Sample = {
  files: { "1_first.mjs": module("1"), "2_second.mjs": module("2") },
  history: "select name from lockkeeper.migration_history order by name",
  names: ["1_first", "2_second"],
  journal: ["1", "2"],
};

export const write = async ({ files }: Sample): Promise<Folder> => await folder(files);
