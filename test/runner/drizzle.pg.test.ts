import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { folderWith, journalOf } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { failureOf, history, runFolder, tables } from "./run.ts";

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

const OLD = {
  "0000_a.sql": "create table a (id int);\n--> statement-breakpoint\ncreate index a_id on a (id);",
  "0001_b.sql": "create index concurrently a_id_2 on a (id);\ncreate table b ();",
  "meta/_journal.json": journalOf(["0000_a", "0001_b"]),
};

/** Which tables of histories there are, with their schemas. */
const histories = async (db: TestDatabase): Promise<string[]> => {
  const rows = await db.query<{ name: string }>(
    `select relnamespace::regnamespace || '.' || relname as name from pg_class
     where relkind = 'r' and relname ~ '^(__drizzle_migrations|migration_history|ledger)$' order by 1`,
  );
  return rows.map(({ name }) => name);
};

test("--history-format lockkeeper keeps a drizzle folder's history in our table, by the journal's tags", async () => {
  await using db = await database();
  await using source = await folderWith(OLD);
  const own = { history: { format: "lockkeeper", table: null } } as const;
  const first = await runFolder(db, source.dir, own);
  expect(failureOf(first)).toBeNull();
  expect(first).toMatchObject({ status: "SUCCESS", applied: ["0000_a", "0001_b"], versionAfter: "0001_b" });
  expect(await histories(db)).toEqual(["lockkeeper.migration_history"]);
  expect(await history(db)).toEqual(["0000_a", "0001_b"]);
  expect(await tables(db)).toEqual(["a", "b"]);
  expect(await runFolder(db, source.dir, own)).toMatchObject({ status: "SKIPPED", appliedTotal: 2 });
  await source.write({ "0001_b.sql": "create table b (id int);" });
  expect(await runFolder(db, source.dir, own)).toMatchObject({ status: "FAILED", exitCode: 12, drift: ["0001_b"] });
});

test("--history-table keeps drizzle's rows in that table alone, which it creates", async () => {
  await using db = await database();
  await db.query("create schema app");
  await using source = await folderWith(OLD);
  const own = { history: { format: "auto", table: { schema: "app", table: "ledger" } } } as const;
  const first = await runFolder(db, source.dir, own);
  expect(failureOf(first)).toBeNull();
  expect(first).toMatchObject({ status: "SUCCESS", applied: ["0000_a", "0001_b"] });
  expect(await histories(db)).toEqual(["app.ledger"]);
  expect(await db.query("select hash, created_at from app.ledger order by id")).toEqual([
    { hash: hash(OLD["0000_a.sql"]), created_at: "1700000000000" },
    { hash: hash(OLD["0001_b.sql"]), created_at: "1700000000001" },
  ]);
  expect(await runFolder(db, source.dir, own)).toMatchObject({ status: "SKIPPED", appliedTotal: 2 });
});

const A = "20260101100000_users";
const B = "20260102100000_index";
const NEW = {
  [`${A}/migration.sql`]: "create table users (id int);\n--> statement-breakpoint\ncreate table plans ();",
  [`${A}/snapshot.json`]: "{}",
  [`${B}/migration.sql`]: "create index concurrently users_id on users (id);",
};

test("a folder of drizzle 1.0 is applied into drizzle's table, then there is nothing to do, then a change is drift", async () => {
  await using db = await database();
  await using source = await folderWith(NEW);
  const first = await runFolder(db, source.dir);
  expect(failureOf(first)).toBeNull();
  expect(first).toMatchObject({ status: "SUCCESS", applied: [A, B], versionAfter: B });
  expect(await histories(db)).toEqual(["drizzle.__drizzle_migrations"]);
  expect(await tables(db)).toEqual(["plans", "users"]);
  const rows = await db.query("select * from drizzle.__drizzle_migrations order by id");
  expect(rows).toMatchObject([
    { hash: hash(NEW[`${A}/migration.sql`] ?? ""), created_at: String(Date.UTC(2026, 0, 1, 10)), name: A },
    { hash: hash(NEW[`${B}/migration.sql`] ?? ""), created_at: String(Date.UTC(2026, 0, 2, 10)), name: B },
  ]);

  const again = await runFolder(db, source.dir);
  expect(again).toMatchObject({ status: "SKIPPED", applied: [], appliedTotal: 2, versionAfter: B });
  expect(await db.query("select * from drizzle.__drizzle_migrations order by id")).toEqual(rows);

  const C = "20260103100000_last";
  await source.write({
    [`${A}/migration.sql`]: "create table users (id bigint);",
    [`${C}/migration.sql`]: "select 1;",
  });
  const stopped = await runFolder(db, source.dir);
  expect(failureOf(stopped)).toMatchObject({ code: "DRIFT", exitCode: 12 });
  expect(stopped).toMatchObject({ status: "FAILED", applied: [], drift: [A], pending: [C] });
  expect(await runFolder(db, source.dir, { allowDrift: true })).toMatchObject({ status: "SUCCESS", applied: [C] });
});
