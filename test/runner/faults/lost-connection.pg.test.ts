import { expect, test } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { database } from "../../postgres/database.ts";
import { watchSteps } from "../../proxy/steps.ts";
import type { Moment } from "../../proxy/steps.ts";
import { folder } from "../cli-process.ts";
import { entry, JOURNAL, SQL, write } from "./folders.ts";
import { gatedDatabase, WAIT } from "./gate.ts";
import type { GatedDatabase } from "./gate.ts";
import { backendThat, IS, leftovers, migrated, NOTHING_LEFT, proxyFor, runLog, startRun } from "./runs.ts";

const terminate = async (db: GatedDatabase, pid: number): Promise<void> => {
  await db.query("select pg_terminate_backend($1)", [pid]);
};

test("a run whose backend is ended in the middle of a migration connects again and applies it once", async () => {
  await using db = await gatedDatabase();
  await using source = await folder({ "1.sql": entry("1"), "2.sql": `${entry("2")}; ${WAIT}`, "3.sql": entry("3") });
  const run = startRun(db.url, source.dir);
  const pid = await backendThat(db, run, IS.atGate);
  await terminate(db, pid);
  expect(await run.event("reconnecting")).toMatchObject({ reason: expect.stringContaining("administrator command") });
  await db.open();
  const { code, finished } = await run.end();
  expect({ code, ...finished }).toMatchObject({ code: EXIT.done, status: "SUCCESS", applied: ["1", "2", "3"] });
  expect(await db.journal()).toEqual({ "1": 1, "2": 1, "3": 1 });
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
  // One run, one row, in spite of two attempts.
  expect(await runLog(db)).toMatchObject([{ status: "SUCCESS", applied: ["1", "2", "3"] }]);
});

test("a run whose backend is ended while it builds an index concurrently builds it again", async () => {
  await using db = await gatedDatabase();
  await using source = await folder({
    "1.sql": "create table users (id int)",
    "2.sql": `${entry("before")}; create index concurrently users_id on users (id); ${entry("after")}`,
  });
  const old = await db.connect("old-transaction");
  await old.query("begin isolation level repeatable read; select 1");
  const run = startRun(db.url, source.dir);
  const pid = await backendThat(db, run, IS.blocked);
  expect(await db.query("select from pg_index where not indisvalid")).toHaveLength(1);
  await terminate(db, pid);
  await run.event("reconnecting");
  await old.query("commit");
  const { code, finished } = await run.end();
  expect({ code, ...finished }).toMatchObject({ code: EXIT.done, status: "SUCCESS", applied: ["1", "2"] });
  expect(await run.event("warning")).toMatchObject({ code: "INVALID_INDEX_DROPPED" });
  expect(await db.journal()).toEqual({ after: 1, before: 1 });
  expect(await db.query("select indisvalid from pg_index where indexrelid = 'users_id'::regclass")).toEqual([
    { indisvalid: true },
  ]);
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
});

test.each<[Moment, string]>([
  ["answered", "right after its COMMIT, before the runner hears of it,"],
  ["sent", "before it reaches the server"],
])("a run that loses its connection with every migration (%s: %s) applies each once", async (moment) => {
  await using db = await database();
  await db.query(JOURNAL);
  await using source = await write(SQL);
  const left = new Set(SQL.journal.map(entry));
  const observe = watchSteps((step, at) => {
    const entries = [...left].filter((text) => step.text.includes(text));
    if (at !== moment || entries.length === 0) return "pass";
    for (const text of entries) left.delete(text);
    return "cut";
  });
  await using via = await proxyFor(db, { observe });
  const { code, finished } = await migrated(via.url, source.dir);
  expect({ code, ...finished }).toMatchObject({ code: EXIT.done, status: "SUCCESS", applied: SQL.names });
  expect([...left]).toEqual([]);
  const journal = await db.query<{ name: string }>("select name from journal order by name");
  expect(journal.map(({ name }) => name)).toEqual(SQL.journal);
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
  expect(await runLog(db)).toMatchObject([{ status: "SUCCESS", applied: SQL.names }]);
});

test("a run whose backend is ended in the middle of a batch goes on behind what was committed", async () => {
  await using db = await gatedDatabase();
  const names = ["1", "2", "3", "4", "5"];
  const files = names.map((name) => [`${name}.sql`, `${entry(name)}; ${name === "3" ? WAIT : ""}`]);
  await using source = await folder(Object.fromEntries(files) as Record<string, string>);
  const run = startRun(db.url, source.dir);
  const pid = await backendThat(db, run, IS.atGate);
  expect(await db.journal()).toEqual({ "1": 1, "2": 1 });
  await terminate(db, pid);
  await run.event("reconnecting");
  await db.open();
  const { code, finished } = await run.end();
  expect({ code, ...finished }).toMatchObject({ code: EXIT.done, status: "SUCCESS", applied: names });
  expect(await db.journal()).toEqual(Object.fromEntries(names.map((name) => [name, 1])));
  expect(await runLog(db)).toMatchObject([{ status: "SUCCESS", applied: names }]);
});

test("a run whose second connection is ended goes on, and its log comes back", async () => {
  await using db = await gatedDatabase();
  await using source = await folder({ "1.sql": `${entry("1")}; ${WAIT}`, "2.sql": entry("2") });
  const run = startRun(db.url, source.dir);
  await backendThat(db, run, IS.atGate);
  const second = await backendThat(db, run, IS.second);
  await terminate(db, second);
  await backendThat(db, run, `${IS.second} and a.pid <> ${second}`);
  await db.open();
  const { code, stdout, finished } = await run.end();
  expect({ code, ...finished }).toMatchObject({ code: EXIT.done, status: "SUCCESS", telemetry: { available: true } });
  expect(stdout).not.toContain('"reconnecting"');
  expect(await db.journal()).toEqual({ "1": 1, "2": 1 });
  expect(await runLog(db)).toMatchObject([{ status: "SUCCESS", applied: ["1", "2"] }]);
});

test("a session that is ended again and again, without one more migration, fails with exit 14 and is not tried for ever", async () => {
  await using db = await database();
  await db.query(JOURNAL);
  await using source = await folder({
    "1.sql": entry("1"),
    "2.sql": `${entry("2")}; select pg_terminate_backend(pg_backend_pid())`,
  });
  const { code, finished } = await migrated(db.url, source.dir);
  expect({ code, ...finished }).toMatchObject({
    code: EXIT.unreachable,
    status: "FAILED",
    error: { code: "UNREACHABLE" },
  });
  expect(await db.query("select name from journal")).toEqual([{ name: "1" }]);
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
  // The sessions are gone, but the server isn't: the row doesn't stay RUNNING.
  expect(await runLog(db)).toMatchObject([{ status: "FAILED", error_code: "UNREACHABLE" }]);
});

test("a role that may have one connection only migrates, whichever of the two comes first, and its run is in the log", async () => {
  await using db = await gatedDatabase();
  const { name, url } = await db.role("single", {
    grants: [`create on database ${db.name}`, "all on schema public", "all on journal, gate"],
  });
  await db.query(`alter role ${name} connection limit 1`);
  for (const migration of ["1", "2", "3", "4"]) {
    await using source = await folder({ [`${migration}.sql`]: entry(migration) });
    const { code, finished } = await migrated(url, source.dir, ["--allow-drift", "--allow-out-of-order"]);
    expect({ code, ...finished }).toMatchObject({ code: EXIT.done, status: "SUCCESS", applied: [migration] });
  }
  expect((await runLog(db)).map(({ status }) => status)).toEqual(["SUCCESS", "SUCCESS", "SUCCESS", "SUCCESS"]);
});
