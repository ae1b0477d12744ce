import { expect, test } from "vitest";
import { LOCK_KEY } from "../../contract/lock.ts";
import { database } from "../../test/postgres/database.ts";
import { lockHeldBy } from "../postgres/holder.ts";
import { insertRun } from "./insert.ts";
import { openRecorder } from "./recorder.ts";
import { repairOrphans } from "./repair-orphans.ts";
import { id, row } from "./run-log.fixture.ts";

const TABLE = { schema: "lockkeeper", table: "migration_run_log" };
const running = (number: number) => row({ id: id(number), status: "RUNNING", finishedAt: null });

test("what a dead runner's backend gets to late neither touches the next run's row nor leaves one of its own", async () => {
  await using db = await database();
  const pidOf = async (client: Awaited<ReturnType<typeof db.connect>>): Promise<number> =>
    (await client.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]?.pid ?? 0;
  const [dead, next, late] = [await db.connect(), await db.connect(), await db.connect()];
  const deadHolder = lockHeldBy(await pidOf(dead));
  const log = openRecorder({
    db: () => next,
    settings: { enabled: true, table: null, retentionMs: 0 },
    onWarning: () => undefined,
  });
  await log.prepare(next);

  await dead.query(`select pg_advisory_lock(${LOCK_KEY})`);
  expect(await insertRun(late, TABLE, running(1), deadHolder)).toBe(true);
  await dead.end();

  await next.query(`select pg_advisory_lock(${LOCK_KEY})`);
  expect(await log.start(running(2), await pidOf(next))).toEqual([id(1)]);
  expect(await repairOrphans(late, TABLE, id(1), deadHolder)).toEqual([]);
  expect(await insertRun(late, TABLE, running(3), deadHolder)).toBe(false);
  await log.finish(row({ id: id(2) }));
  expect(log.telemetry()).toEqual({ available: true, reason: "" });
  expect(await db.query(`select id::text, status from lockkeeper.migration_run_log order by id`)).toEqual([
    { id: id(1), status: "FAILED" },
    { id: id(2), status: "SUCCESS" },
  ]);
});
