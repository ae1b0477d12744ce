import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as upstream } from "drizzle-orm/node-postgres/migrator";
import { expect, test } from "vitest";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { failureOf, runFolder } from "./run.ts";

const folderOf = (release: number): string =>
  fileURLToPath(new URL(`../../examples/workoutlog/releases/${release}/drizzle`, import.meta.url));

async function byDrizzle(db: TestDatabase, release: number): Promise<void> {
  const client = await db.connect();
  await upstream(drizzle(client), { migrationsFolder: folderOf(release) });
}

async function byLockkeeper(db: TestDatabase, release: number): Promise<string[]> {
  const ran = await runFolder(db, folderOf(release));
  expect(failureOf(ran)).toBeNull();
  return ran.applied;
}

/** Columns, constraints and indexes of the application's schema, and drizzle's history. */
async function picture(db: TestDatabase): Promise<unknown> {
  const columns = await db.query(
    `select table_name, column_name, data_type, is_nullable, column_default from information_schema.columns
     where table_schema = 'public' order by 1, 2`,
  );
  const constraints = await db.query(
    `select conrelid::regclass::text as t, conname, pg_get_constraintdef(oid) as def from pg_constraint
     where connamespace = 'public'::regnamespace order by 1, 2`,
  );
  const indexes = await db.query("select indexname, indexdef from pg_indexes where schemaname = 'public' order by 1");
  const history = await db.query("select id, hash, created_at from drizzle.__drizzle_migrations order by id");
  const shape = await db.query(
    `select column_name, data_type, is_nullable, column_default from information_schema.columns
     where table_schema = 'drizzle' order by ordinal_position`,
  );
  return { columns, constraints, indexes, history, shape };
}

test("drizzle's migrator and Lockkeeper take turns on one database, in both orders, with the same result", async () => {
  await using both = await database();
  await byDrizzle(both, 1);
  await byDrizzle(both, 2);
  const expected = await picture(both);
  expect(expected).toMatchObject({ history: { length: 13 } });

  await using first = await database();
  await byDrizzle(first, 1);
  expect(await byLockkeeper(first, 1)).toEqual([]);
  expect(await byLockkeeper(first, 2)).toEqual(["0011_steady_juggernaut", "0012_keen_valkyrie"]);
  await byDrizzle(first, 2);
  expect(await picture(first)).toEqual(expected);

  await using second = await database();
  expect(await byLockkeeper(second, 1)).toHaveLength(11);
  await byDrizzle(second, 1);
  await byDrizzle(second, 2);
  expect(await byLockkeeper(second, 2)).toEqual([]);
  expect(await picture(second)).toEqual(expected);

  await using alone = await database();
  expect(await byLockkeeper(alone, 2)).toHaveLength(13);
  expect(await picture(alone)).toEqual(expected);
});

test("after a rollback to release 1 Lockkeeper finds the database ahead, and release 2 finds nothing to do", async () => {
  await using db = await database();
  await byDrizzle(db, 2);
  const back = await runFolder(db, folderOf(1));
  expect(back).toMatchObject({ status: "SKIPPED", exitCode: 0, applied: [], pending: [], drift: [] });
  expect(back.ahead).toHaveLength(2);
  expect(await byLockkeeper(db, 2)).toEqual([]);
});
