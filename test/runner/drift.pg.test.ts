import { expect, test } from "vitest";
import { folderWith, journalOf } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import { failureOf, history, runFolder, tables } from "./run.ts";

const FILES = {
  "0001_a.sql": "create table a ();",
  "0002_b.sql": "create table b ();",
  "0003_c.sql": "create table c ();",
};

test("an applied file that changed stops the run; --allow-drift applies what is pending and nothing twice", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir);
  await folder.write({ "0002_b.sql": "create table b (id int);", "0004_d.sql": "create table d ();" });
  const stopped = await runFolder(db, folder.dir);
  expect(failureOf(stopped)).toMatchObject({ code: "DRIFT", exitCode: 12 });
  expect(stopped.failure?.message).toMatch(
    /1 applied migration has changed: 0002_b \(was [0-9a-f]{8}, is [0-9a-f]{8}\)/,
  );
  expect(stopped.failure?.details.hint).toContain("--allow-drift");
  expect(stopped).toMatchObject({ status: "FAILED", applied: [], drift: ["0002_b"], pending: ["0004_d"] });
  expect(await tables(db)).toEqual(["a", "b", "c"]);
  const allowed = await runFolder(db, folder.dir, { allowDrift: true });
  expect(allowed).toMatchObject({ status: "SUCCESS", exitCode: 0, applied: ["0004_d"], drift: ["0002_b"] });
});

test("an applied file that is gone stops the run; --allow-drift goes on without it", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir);
  const { "0002_b.sql": _, ...rest } = FILES;
  await using holed = await folderWith({ ...rest, "0004_d.sql": "create table d ();" });
  const stopped = await runFolder(db, holed.dir);
  expect(failureOf(stopped)).toMatchObject({ code: "DRIFT", exitCode: 12 });
  expect(stopped.failure?.message).toContain("1 applied migration is missing: 0002_b");
  expect(stopped.drift).toEqual(["0002_b"]);
  expect(await runFolder(db, holed.dir, { allowDrift: true })).toMatchObject({
    status: "SUCCESS",
    applied: ["0004_d"],
  });
});

test("another application's history stops the run", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir);
  await using other = await folderWith({ "0001_other.sql": "create table other ();" });
  const stopped = await runFolder(db, other.dir);
  expect(failureOf(stopped)).toMatchObject({ code: "DRIFT", exitCode: 12 });
  expect(stopped.failure?.message).toContain("another application");
  expect(stopped.failure?.details.hint).toContain("--history-table");
  expect(await tables(db)).toEqual(["a", "b", "c"]);
});

test("a database that is ahead of the folder is no drift: nothing is pending, and the names are told", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir);
  await using older = await folderWith({ "0001_a.sql": FILES["0001_a.sql"] });
  expect(await runFolder(db, older.dir)).toMatchObject({
    status: "SKIPPED",
    exitCode: 0,
    ahead: ["0002_b", "0003_c"],
    drift: [],
    versionAfter: "0003_c",
  });
});

test("a pending file before an applied one stops the run; --allow-out-of-order applies it", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir);
  await folder.write({ "0002_a_late.sql": "create table late ();" });
  const stopped = await runFolder(db, folder.dir);
  expect(failureOf(stopped)).toMatchObject({ code: "OUT_OF_ORDER", exitCode: 12 });
  expect(stopped.failure?.message).toContain("0002_a_late");
  expect(stopped.failure?.details.hint).toContain("--allow-out-of-order");
  expect(await tables(db)).toEqual(["a", "b", "c"]);
  const wrongFlag = await runFolder(db, folder.dir, { allowDrift: true });
  expect(wrongFlag.failure?.code).toBe("OUT_OF_ORDER");
  const allowed = await runFolder(db, folder.dir, { allowOutOfOrder: true });
  expect(allowed).toMatchObject({ status: "SUCCESS", applied: ["0002_a_late"], versionAfter: "0003_c" });
  expect(await history(db)).toEqual(["0001_a", "0002_b", "0003_c", "0002_a_late"]);
});

test("a drizzle entry that upstream would skip in silence stops the run, and is applied with the flag", async () => {
  await using db = await database();
  const entry = (tag: string, idx: number, when: number) => ({ idx, version: "7", when, tag, breakpoints: true });
  const main = [entry("0000_a", 0, 1_700_000_000_000), entry("0001_b", 1, 1_700_000_002_000)];
  await using folder = await folderWith({
    "meta/_journal.json": journalOf([], { entries: main }),
    "0000_a.sql": "create table a ();",
    "0001_b.sql": "create table b ();",
  });
  await runFolder(db, folder.dir);
  await folder.write({
    "meta/_journal.json": journalOf([], { entries: [...main, entry("0002_merged", 2, 1_700_000_001_000)] }),
    "0002_merged.sql": "create table merged ();",
  });
  const stopped = await runFolder(db, folder.dir);
  expect(failureOf(stopped)).toMatchObject({ code: "OUT_OF_ORDER", exitCode: 12 });
  expect(stopped.failure?.message).toContain("drizzle's own migrator would skip that in silence");
  expect(await tables(db)).toEqual(["a", "b"]);
  const allowed = await runFolder(db, folder.dir, { allowOutOfOrder: true });
  expect(allowed).toMatchObject({ status: "SUCCESS", applied: ["0002_merged"] });
  expect(await runFolder(db, folder.dir)).toMatchObject({ status: "SKIPPED", exitCode: 0 });
});

test("--to NAME applies up to and with NAME, says what is left, and is refused for a name that the folder lacks", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  const ran = await runFolder(db, folder.dir, { to: "0002_b" });
  expect(ran).toMatchObject({ status: "SUCCESS", applied: ["0001_a", "0002_b"], pending: ["0003_c"] });
  expect(await runFolder(db, folder.dir, { to: "0001_a" })).toMatchObject({ status: "SKIPPED", applied: [] });
  const unknown = await runFolder(db, folder.dir, { to: "0003_x" });
  expect(failureOf(unknown)).toMatchObject({ code: "INVALID_INPUT", exitCode: 13, hint: "Did you mean 0003_c?" });
  expect(await tables(db)).toEqual(["a", "b"]);
});

test("5,000 migrations are applied in order, each with its events, and a second run has nothing to do", async () => {
  await using db = await database();
  const names = Array.from({ length: 5_000 }, (_, i) => `${String(i + 1).padStart(5, "0")}_step`);
  await db.query("create table steps (at bigserial, name text)");
  await using folder = await folderWith(
    Object.fromEntries(names.map((name) => [`${name}.sql`, `insert into steps (name) values ('${name}');`])),
  );
  const ran = await runFolder(db, folder.dir);
  expect(failureOf(ran)).toBeNull();
  expect(ran.applied).toEqual(names);
  const of = (type: string): string[] =>
    ran.events.flatMap((event) => (event.type === type && "migration" in event ? [event.migration] : []));
  expect(of("migrating")).toEqual(names);
  expect(of("migrated")).toEqual(names);
  const steps = await db.query<{ name: string }>("select name from steps order by at");
  expect(steps.map(({ name }) => name)).toEqual(names);
  expect(await db.query("select cardinality(applied) as n, status from lockkeeper.migration_run_log")).toEqual([
    { n: 5_000, status: "SUCCESS" },
  ]);
  expect(await runFolder(db, folder.dir)).toMatchObject({ status: "SKIPPED", applied: [], appliedTotal: 5_000 });
});
