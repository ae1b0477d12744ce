import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { migrate } from "../../../job/index.ts";
import { database } from "../../postgres/database.ts";
import type { TestDatabase } from "../../postgres/database.ts";
import { watchSteps } from "../../proxy/steps.ts";
import type { Step } from "../../proxy/steps.ts";
import { beyond, casesOf, identity, nameOf, numbered, withoutCase } from "./boundaries.ts";
import type { Boundary } from "./boundaries.ts";
import { DRIZZLE, entry, JOURNAL, MODULES, SQL, write } from "./folders.ts";
import type { Sample } from "./folders.ts";
import { leftovers, migrated, NOTHING_LEFT, proxyFor, runLog, startRun } from "./runs.ts";

const CASES_AT_ONCE = 3;

let template: TestDatabase;
beforeAll(async () => {
  template = await database();
  await template.query(JOURNAL);
});
afterAll(async () => await template[Symbol.asyncDispose]());

/**
 * Steps that come at their own time, and change nothing: a look at who blocks, when a message takes long, and the goodbye,
 * which isn't waited for, so that the run may be over before it is seen.
 */
const isFree = ({ text }: Step): boolean => text.startsWith("\nwith waiting as") || text === "terminate";

/** Every boundary of a run without faults. */
async function record(dir: string): Promise<Boundary[]> {
  await using db = await database({ template: template.name });
  const boundaries: Boundary[] = [];
  const number = numbered();
  const observe = watchSteps((step, moment) => {
    if (!isFree(step)) boundaries.push(number(step, moment));
    return "pass";
  });
  await using via = await proxyFor(db, { observe });
  expect(await migrated(via.url, dir)).toMatchObject({ code: EXIT.done });
  return boundaries;
}

/** Kills a run at the boundary, lets another one follow, and tells what is wrong afterwards: null when nothing is. */
async function killAt(boundary: Boundary, dir: string, sample: Sample): Promise<string | null> {
  await using db = await database({ template: template.name });
  let reached = false;
  {
    const number = numbered();
    const observe = watchSteps((step, moment) => {
      if (reached) return "cut";
      if (isFree(step)) return "pass";
      const here = number(step, moment);
      if (identity(here) !== identity(boundary)) return "pass";
      run.child.kill("SIGKILL");
      reached = true;
      return "cut";
    });
    await using via = await proxyFor(db, { observe });
    const run = startRun(via.url, dir);
    const { signal } = await run.ended;
    if (signal !== "SIGKILL" || !reached) return `${nameOf(boundary)}: the run didn't come there`;
  }
  try {
    // In this process, which has loaded the runner already: hundreds of processes are enough.
    const { runId, telemetry } = await migrate({ databaseUrl: db.url, dir });
    expect(telemetry).toEqual({ available: true, reason: "" });
    expect(await db.query(sample.history)).toEqual(sample.names.map((row) => ({ name: row })));
    const journal = await db.query<{ name: string }>("select name from journal order by name");
    expect(journal.map((row) => row.name)).toEqual(sample.journal);
    expect(await leftovers(db)).toEqual(NOTHING_LEFT);
    const log = await runLog(db);
    expect(log.at(-1)).toMatchObject({ id: runId, error_code: null });
    for (const row of log.slice(0, -1)) expect(row).toMatchObject(ENDED[row.status] ?? { status: "a known one" });
    return null;
  } catch (error) {
    return `${nameOf(boundary)}: ${String(error)}\n${JSON.stringify(await runLog(db).catch(() => "no log"))}`;
  }
}

/** The row of a run that was killed: found dead by the next one, or finished before it was killed. */
const ENDED: Record<string, object> = { FAILED: { error_code: "ORPHANED" }, SUCCESS: { error_code: null } };

/** Kills a run at each boundary that one recording has; a boundary of the other recording without a case is a hole. */
async function killAtEach([boundaries, again]: [Boundary[], Boundary[]], dir: string, sample: Sample): Promise<void> {
  const cases = casesOf(boundaries);
  const left = cases.entries();
  const done = new Set<string>();
  const wrong: string[] = [];
  const work = async (): Promise<void> => {
    for (const [key, boundary] of left) {
      const found = await killAt(boundary, dir, sample);
      done.add(key);
      if (found !== null) wrong.push(found);
    }
  };
  await Promise.all(Array.from({ length: CASES_AT_ONCE }, work));
  expect(wrong).toEqual([]);
  expect(withoutCase(again, done)).toEqual([]);
}

test("SQL: a run that is killed between any two steps is completed by the next, nothing lost and nothing twice", async () => {
  await using source = await write(SQL);
  const boundaries = await record(source.dir);
  for (const text of SQL.journal) expect(boundaries.some((at) => at.text.includes(entry(text)))).toBe(true);
  await killAtEach([boundaries, await record(source.dir)], source.dir, SQL);
}, 600_000);

test.each([
  ["drizzle", DRIZZLE],
  ["modules", MODULES],
])(
  "%s: what differs from SQL is killed between any two steps too",
  async (_, sample) => {
    await using sql = await write(SQL);
    await using source = await write(sample);
    const recorded = async (): Promise<Boundary[]> => beyond(await record(source.dir), await record(sql.dir));
    const boundaries = await recorded();
    for (const text of sample.journal) expect(boundaries.some((at) => at.text.includes(entry(text)))).toBe(true);
    await killAtEach([boundaries, await recorded()], source.dir, sample);
  },
  600_000,
);
