import { expect, test } from "vitest";
import { folderWith, journalOf } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import { failureOf, history, runDown, runFolder, tables } from "./run.ts";

const FILES = {
  "0001_a.up.sql": "create table a ();",
  "0001_a.down.sql": "drop table a;",
  "0002_b.up.sql": "create table b ();",
  "0002_b.down.sql": "drop table b;",
  "0003_c.up.sql": "create table c ();",
  "0003_c.down.sql": "drop table c;",
};

test("down --to NAME reverts what came after NAME, newest first, and NAME stays", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir);
  const ran = await runDown(db, folder.dir, "0001_a");
  expect(failureOf(ran)).toBeNull();
  expect(ran).toMatchObject({
    command: "down",
    status: "SUCCESS",
    applied: ["0003_c", "0002_b"],
    versionBefore: "0003_c",
    versionAfter: "0001_a",
    appliedTotal: 1,
    pending: ["0002_b", "0003_c"],
  });
  expect(ran.events.filter(({ type }) => type === "reverted")).toMatchObject([
    { migration: "0003_c", index: 1, total: 2 },
    { migration: "0002_b", index: 2, total: 2 },
  ]);
  expect(await tables(db)).toEqual(["a"]);
  expect(await history(db)).toEqual(["0001_a"]);
  expect(
    await db.query(
      "select status, source, version_before, version_after, applied, pending from lockkeeper.migration_run_log where id = $1",
      [ran.runId],
    ),
  ).toEqual([
    {
      status: "SUCCESS",
      source: expect.stringMatching(/^down --to 0001_a: /),
      version_before: "0003_c",
      version_after: "0001_a",
      applied: [],
      pending: ["0002_b", "0003_c"],
    },
  ]);
  expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
  expect(await tables(db)).toEqual(["a", "b", "c"]);
});

test("down --to 0 reverts everything; down to what is the newest does nothing", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir);
  expect(await runDown(db, folder.dir, "0003_c")).toMatchObject({ status: "SKIPPED", applied: [], exitCode: 0 });
  expect(await tables(db)).toEqual(["a", "b", "c"]);
  const ran = await runDown(db, folder.dir, "0");
  expect(ran).toMatchObject({ status: "SUCCESS", applied: ["0003_c", "0002_b", "0001_a"], versionAfter: null });
  expect(await tables(db)).toEqual([]);
  expect(await history(db)).toEqual([]);
});

test("when one of them has no down file nothing is touched", async () => {
  await using db = await database();
  const { "0002_b.down.sql": _, ...files } = FILES;
  await using folder = await folderWith(files);
  await runFolder(db, folder.dir);
  const ran = await runDown(db, folder.dir, "0");
  expect(failureOf(ran)).toMatchObject({ code: "INVALID_INPUT", exitCode: 13, migration: "0002_b" });
  expect(ran.failure?.message).toContain("has no down file");
  expect(await tables(db)).toEqual(["a", "b", "c"]);
  expect(await history(db)).toHaveLength(3);
  expect(failureOf(await runDown(db, folder.dir, "0002_b"))).toBeNull();
  expect(await tables(db)).toEqual(["a", "b"]);
});

test("a down file that fails is rolled back with its row; those before it stay reverted", async () => {
  await using db = await database();
  await using folder = await folderWith({ ...FILES, "0002_b.down.sql": "drop table b;\nselect nope;" });
  await runFolder(db, folder.dir);
  const ran = await runDown(db, folder.dir, "0");
  expect(failureOf(ran)).toMatchObject({ code: "42703", exitCode: 11, file: "0002_b.down.sql", line: 2, statement: 2 });
  expect(ran).toMatchObject({ status: "FAILED", applied: ["0003_c"], versionAfter: "0002_b" });
  expect(await tables(db)).toEqual(["a", "b"]);
  expect(await history(db)).toEqual(["0001_a", "0002_b"]);
});

test.each(["drop index concurrently if exists x;", "begin; drop table b; commit; drop table a;", "vacuum;"])(
  "a down file that no transaction can hold is refused, and nothing is touched: %s",
  async (sql) => {
    await using db = await database();
    await using folder = await folderWith({ ...FILES, "0002_b.down.sql": sql });
    await runFolder(db, folder.dir);
    const ran = await runDown(db, folder.dir, "0001_a");
    expect(failureOf(ran)).toMatchObject({ code: "UNSUPPORTED_STATEMENT", file: "0002_b.down.sql" });
    expect(await tables(db)).toEqual(["a", "b", "c"]);
  },
);

test("a down file that only the server refuses to run in a transaction fails, and keeps what it undoes", async () => {
  await using db = await database();
  await using folder = await folderWith({
    ...FILES,
    "0003_c.up.sql": "create table c (); create procedure p() language plpgsql as $$ begin commit; end $$;",
    "0003_c.down.sql": "call p();",
  });
  await runFolder(db, folder.dir);
  expect(failureOf(await runDown(db, folder.dir, "0002_b"))).toMatchObject({ code: "2D000", file: "0003_c.down.sql" });
  expect(await history(db)).toHaveLength(3);
});

test.each([
  ["0009_nope", "there is no migration"],
  ["0003_c", "isn't applied"],
])("down --to %s, which %s, is refused", async (to, message) => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir, { to: "0002_b" });
  const ran = await runDown(db, folder.dir, to);
  expect(ran).toMatchObject({ status: "FAILED", exitCode: 13, applied: [] });
  expect(ran.failure?.message).toContain(message);
  expect(await tables(db)).toEqual(["a", "b"]);
});

test("down in a database that is ahead of the folder is refused, and so is one with drift", async () => {
  await using db = await database();
  await using folder = await folderWith(FILES);
  await runFolder(db, folder.dir);
  await using older = await folderWith({ "0001_a.up.sql": FILES["0001_a.up.sql"], "0001_a.down.sql": "drop table a;" });
  const ahead = await runDown(db, older.dir, "0");
  expect(failureOf(ahead)).toMatchObject({ code: "DRIFT", exitCode: 12 });
  expect(ahead.failure?.message).toContain("0002_b, 0003_c");
  await folder.write({ "0002_b.up.sql": "create table b (id int);" });
  expect(failureOf(await runDown(db, folder.dir, "0"))).toMatchObject({ code: "DRIFT", exitCode: 12 });
  expect(await tables(db)).toEqual(["a", "b", "c"]);
  expect(failureOf(await runDown(db, folder.dir, "0", { allowDrift: true }))).toBeNull();
  expect(await tables(db)).toEqual([]);
});

test("a drizzle folder has no down files: it says so, and nothing is touched", async () => {
  await using db = await database();
  await using folder = await folderWith({
    "meta/_journal.json": journalOf(["0000_a", "0001_b"]),
    "0000_a.sql": "create table a ();",
    "0001_b.sql": "create table b ();",
  });
  await runFolder(db, folder.dir);
  const ran = await runDown(db, folder.dir, "0000_a");
  expect(failureOf(ran)).toMatchObject({
    code: "INVALID_INPUT",
    exitCode: 13,
    migration: "0001_b",
    file: "0001_b.sql",
  });
  expect(ran.failure?.details.hint).toContain("Nothing was reverted");
  expect(await tables(db)).toEqual(["a", "b"]);
});
