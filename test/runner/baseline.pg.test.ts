import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate as upstream } from "drizzle-orm/node-postgres/migrator";
import { expect, test } from "vitest";
import { folderWith } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import { failureOf, history, runBaseline, runFolder, settingsFor, tables } from "./run.ts";

const FILES = {
  "0001_a.sql": "create table a ();",
  "0002_b.sql": "create table b ();",
  "0003_c.sql": "create table c ();",
};

test("baseline NAME records what is up to NAME without running it; migrate then runs only the rest", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await db.query("create table a (); create table b ();");
  const ran = await runBaseline(db, folder.dir, "0002_b");
  expect(failureOf(ran)).toBeNull();
  expect(ran).toMatchObject({
    command: "baseline",
    status: "SUCCESS",
    applied: ["0001_a", "0002_b"],
    versionBefore: null,
    versionAfter: "0002_b",
    pending: ["0003_c"],
  });
  expect(await tables(db)).toEqual(["a", "b"]);
  const next = await runFolder(db, folder.dir);
  expect(next).toMatchObject({ status: "SUCCESS", applied: ["0003_c"], versionBefore: "0002_b" });
  expect(await history(db)).toEqual(["0001_a", "0002_b", "0003_c"]);
  expect(await db.query("select status, applied from lockkeeper.migration_run_log order by started_at")).toEqual([
    { status: "SUCCESS", applied: ["0001_a", "0002_b"] },
    { status: "SUCCESS", applied: ["0003_c"] },
  ]);
});

test("migrate --baseline NAME records what is up to NAME and runs the rest; on a history it is the same as without", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await db.query("create table a (); create table b ();");
  const ran = await runFolder(db, folder.dir, { baseline: "0002_b" });
  expect(failureOf(ran)).toBeNull();
  expect(ran).toMatchObject({
    status: "SUCCESS",
    applied: ["0001_a", "0002_b", "0003_c"],
    versionBefore: null,
    versionAfter: "0003_c",
    pending: [],
  });
  expect(await tables(db)).toEqual(["a", "b", "c"]);
  expect(await runFolder(db, folder.dir, { baseline: "0001_a" })).toMatchObject({ status: "SKIPPED", applied: [] });
  expect(await runFolder(db, folder.dir, { baseline: "gone" })).toMatchObject({ status: "SKIPPED", applied: [] });
  expect(await history(db)).toEqual(["0001_a", "0002_b", "0003_c"]);
});

test("migrate --baseline with a name that the folder lacks is refused, and runs nothing", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  const ran = await runFolder(db, folder.dir, { baseline: "0002" });
  expect(failureOf(ran)).toMatchObject({ code: "INVALID_INPUT", exitCode: 13, hint: "Did you mean 0002_b?" });
  expect(await tables(db)).toEqual([]);
});

test("a connection that is lost after a baseline was recorded neither records it twice nor forgets it", async () => {
  await using db = await database();
  await using folder = await folderWith({
    "0001_a.sql": "create table a ();",
    // The first time it ends its own session; the sequence outlives the rollback.
    "0002_b.sql":
      "do $$ begin if nextval('tries') = 1 then perform pg_terminate_backend(pg_backend_pid()); end if; end $$;",
  });
  await db.query("create sequence tries");
  const connection = { ...settingsFor(db.url, folder.dir).connection, connectWaitMs: 5_000 };
  const ran = await runFolder(db, folder.dir, { baseline: "0001_a", connection });
  expect(failureOf(ran)).toBeNull();
  expect(ran.events.map(({ type }) => type)).toContain("reconnecting");
  expect(ran).toMatchObject({ status: "SUCCESS", applied: ["0001_a", "0002_b"] });
  expect(await tables(db)).toEqual([]);
});

test("baseline on a history that has a row is refused, and changes nothing", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir, { to: "0001_a" });
  const ran = await runBaseline(db, folder.dir, "0002_b");
  expect(failureOf(ran)).toMatchObject({ code: "INVALID_INPUT", exitCode: 13 });
  expect(ran.failure?.message).toContain("the history has a row already: 0001_a");
  expect(await history(db)).toEqual(["0001_a"]);
});

test("baseline with a name that the folder lacks is refused, and nearly right ones are suggested", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  const ran = await runBaseline(db, folder.dir, "0002");
  expect(failureOf(ran)).toMatchObject({ code: "INVALID_INPUT", exitCode: 13, hint: "Did you mean 0002_b?" });
  expect(await history(db)).toEqual([]);
});

test("after a baseline of a drizzle folder drizzle's own migrator sees nothing to do up to NAME, and does the rest", async () => {
  await using db = await database();
  const dir = await mkdtemp(join(tmpdir(), "lockkeeper-baseline-"));
  try {
    await cp(fileURLToPath(new URL("../../examples/workoutlog/releases/2/drizzle", import.meta.url)), dir, {
      recursive: true,
    });
    // A database that some other way brought to the level of release 1.
    const release1 = fileURLToPath(new URL("../../examples/workoutlog/releases/1/drizzle", import.meta.url));
    const client = await db.connect();
    await upstream(drizzle(client), { migrationsFolder: release1 });
    await client.query("drop schema drizzle cascade");
    const ran = await runBaseline(db, dir, "0010_solid_watchtower");
    expect(failureOf(ran)).toBeNull();
    expect(ran.applied).toHaveLength(11);
    await upstream(drizzle(client), { migrationsFolder: dir });
    const rows = await db.query(
      "select count(*)::int as n, count(distinct hash)::int as hashes from drizzle.__drizzle_migrations",
    );
    expect(rows).toEqual([{ n: 13, hashes: 13 }]);
    expect(await runFolder(db, dir)).toMatchObject({ status: "SKIPPED", appliedTotal: 13, pending: [], exitCode: 0 });
  } finally {
    await rm(dir, { recursive: true });
  }
});
