import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { expect, test } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { LOCK_KEY } from "../../../contract/lock.ts";
import { watchSteps } from "../../proxy/steps.ts";
import { folder } from "../cli-process.ts";
import { entry } from "./folders.ts";
import { gatedDatabase, WAIT } from "./gate.ts";
import type { GatedDatabase } from "./gate.ts";
import { backendThat, IS, leftovers, migrated, NOTHING_LEFT, proxyFor, runLog, startRun } from "./runs.ts";
import type { Run } from "./runs.ts";

/** Long enough that nothing but the signal can end a wait within a test. */
const PATIENT = ["--lock-timeout", "10m", "--lock-wait", "10m", "--connect-wait", "10m"];

const stopped = { code: EXIT.cancelled, signal: null, stderr: "" };
const finished = { event: "finished", status: "FAILED", exitCode: EXIT.cancelled, error: { code: "CANCELLED" } };

/** Nothing of the run is left: what blocked it is still there, so only the signal can have ended it. */
async function expectStopped(db: GatedDatabase, run: Run): Promise<void> {
  run.child.kill("SIGTERM");
  expect(await run.end()).toMatchObject({ ...stopped, finished });
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
  expect((await runLog(db)).at(-1)).toMatchObject({ status: "FAILED", error_code: "CANCELLED" });
}

/** A database with a table and a run log, as a first run leaves it. */
async function prepared(): Promise<GatedDatabase> {
  const db = await gatedDatabase();
  await using source = await folder(FIRST);
  await migrated(db.url, source.dir);
  return db;
}

const FIRST = { "1.sql": "create table users (id int)" };

const columns = async (db: GatedDatabase): Promise<string[]> => {
  const rows = await db.query<{ attname: string }>(
    "select attname::text from pg_attribute where attrelid = 'users'::regclass and attnum > 0 order by attnum",
  );
  return rows.map(({ attname }) => attname);
};

test("SIGTERM ends a run that waits for another runner", async () => {
  await using db = await prepared();
  await using source = await folder(FIRST);
  const other = await db.connect("other-runner");
  await other.query(`select pg_advisory_lock(${LOCK_KEY})`);
  const run = startRun(db.url, source.dir, PATIENT);
  await run.event("waiting-for-lock");
  run.child.kill("SIGTERM");
  expect(await run.end()).toMatchObject({ ...stopped, finished });
  expect((await runLog(db)).at(-1)).toMatchObject({ status: "FAILED", error_code: "CANCELLED" });
  await other.query(`select pg_advisory_unlock(${LOCK_KEY})`);
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
});

test("SIGTERM ends a long statement in the server, and its migration is rolled back", async () => {
  await using db = await prepared();
  await using source = await folder({ ...FIRST, "2.sql": `alter table users add name text; ${entry("2")}; ${WAIT}` });
  const run = startRun(db.url, source.dir, PATIENT);
  await backendThat(db, run, IS.atGate);
  await expectStopped(db, run);
  expect(await columns(db)).toEqual(["id"]);
  expect(await db.journal()).toEqual({});
});

test("SIGTERM ends an ALTER TABLE that waits for a lock, and whoever queued behind it goes on", async () => {
  await using db = await prepared();
  await using source = await folder({ ...FIRST, "2.sql": "alter table users add name text" });
  const old = await db.connect("old-transaction");
  await old.query("begin; select from users");
  const run = startRun(db.url, source.dir, PATIENT);
  await backendThat(db, run, IS.blocked);
  await expectStopped(db, run);
  expect(await columns(db)).toEqual(["id"]);
  expect(await db.query("select from users")).toEqual([]);
});

test("SIGTERM ends a CREATE INDEX CONCURRENTLY that waits for an old transaction, and drops the invalid index", async () => {
  await using db = await prepared();
  await using source = await folder({ ...FIRST, "2.sql": "create index concurrently users_id on users (id)" });
  const old = await db.connect("old-transaction");
  await old.query("begin isolation level repeatable read; select 1");
  const run = startRun(db.url, source.dir, PATIENT);
  await backendThat(db, run, IS.blocked);
  expect(await db.query("select from pg_index where not indisvalid")).toHaveLength(1);
  await expectStopped(db, run);
  await old.query("commit");
  expect(await migrated(db.url, source.dir)).toMatchObject({ code: EXIT.done });
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
});

test("SIGTERM ends a module that ignores its signal", async () => {
  await using db = await prepared();
  await using source = await folder({
    "1.mjs": `export async function up({ client }) {
      await client.query("${entry("1")}");
      for (;;) await new Promise((resolve) => setTimeout(resolve, 50));
    }`,
  });
  const run = startRun(db.url, source.dir, [...PATIENT, "--history-table", "public.modules_history"]);
  await run.event("migrating");
  await backendThat(db, run, "a.state = 'idle in transaction' and a.query like '%journal%'");
  await expectStopped(db, run);
  expect(await db.journal()).toEqual({});
});

test("SIGTERM ends a run that pauses between two tries", async () => {
  await using db = await prepared();
  await using source = await folder({ ...FIRST, "2.sql": "alter table users add name text" });
  const old = await db.connect("old-transaction");
  await old.query("begin; select from users");
  const run = startRun(db.url, source.dir, ["--lock-timeout", "10ms", "--lock-retries", "1000"]);
  await run.event("retrying");
  await expectStopped(db, run);
  expect(await columns(db)).toEqual(["id"]);
});

test.each([
  ["refuses", "connecting", (socket: Socket) => void socket.destroy()],
  ["never answers", null, () => undefined],
])("SIGTERM ends a run that connects to a server that %s", async (_, event, onConnection) => {
  await using source = await folder(FIRST);
  const server = createServer(onConnection).listen(0, "127.0.0.1");
  const asked = once(server, "connection");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const run = startRun(`postgres://user@127.0.0.1:${port}/db`, source.dir, PATIENT);
  await (event === null ? asked : run.event(event));
  run.child.kill("SIGTERM");
  expect(await run.end()).toMatchObject({ ...stopped, finished });
  server.close();
});

test("SIGTERM ends a run whose second connection is gone: it is opened again to cancel", async () => {
  await using db = await prepared();
  await using source = await folder({ ...FIRST, "2.sql": `${entry("2")}; ${WAIT}` });
  let refuse = false;
  await using via = await proxyFor(db, { observe: ({ connection }) => (refuse && connection > 1 ? "cut" : "pass") });
  const run = startRun(via.url, source.dir, PATIENT);
  await backendThat(db, run, IS.atGate);
  const second = await backendThat(db, run, IS.second);
  refuse = true;
  await db.query("select pg_terminate_backend($1)", [second]);
  run.child.kill("SIGTERM");
  await run.event("cancelling");
  refuse = false;
  expect(await run.end()).toMatchObject({ ...stopped, finished });
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
  expect(await db.journal()).toEqual({});
  expect((await runLog(db)).at(-1)).toMatchObject({ status: "FAILED", error_code: "CANCELLED" });
});

test.each([
  ["while the server is at work", `insert into journal`],
  ["while it waits for the lock", "pg_try_advisory_lock"],
  ["while it looks for a pooler", "select pg_catalog.pg_backend_pid() as pid"],
  ["while it writes the run log", 'insert into "lockkeeper"."migration_run_log"'],
])("SIGTERM ends a run whose network has gone silent %s", async (_, text) => {
  await using db = await prepared();
  await using source = await folder({ ...FIRST, "2.sql": entry("2") });
  let silent = (): void => undefined;
  const silence = new Promise<void>((resolve) => (silent = resolve));
  let held = false;
  const observe = watchSteps((step) => {
    held ||= step.text.includes(text);
    if (held) silent();
    return held ? "hold" : "pass";
  });
  await using via = await proxyFor(db, { observe });
  const run = startRun(via.url, source.dir, PATIENT);
  await silence;
  run.child.kill("SIGTERM");
  expect(await run.end()).toMatchObject({ ...stopped, finished });
  expect(await db.journal()).toEqual({});
});

test("--run-timeout ends a run as SIGTERM does, with exit 15 and a code of its own", async () => {
  await using db = await prepared();
  await using source = await folder({ ...FIRST, "2.sql": `${entry("2")}; ${WAIT}` });
  const run = startRun(db.url, source.dir, ["--run-timeout", "3s"]);
  const ended = await run.end();
  expect(ended).toMatchObject({ code: EXIT.cancelled, finished: { status: "FAILED", error: { code: "RUN_TIMEOUT" } } });
  expect(await db.journal()).toEqual({});
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
  expect((await runLog(db)).at(-1)).toMatchObject({ status: "FAILED", error_code: "RUN_TIMEOUT" });
});
