import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { migrate } from "../../../job/index.ts";
import { database } from "../../postgres/database.ts";
import type { TestDatabase } from "../../postgres/database.ts";
import { watchSteps } from "../../proxy/steps.ts";
import type { Moment, Step } from "../../proxy/steps.ts";
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

/** A boundary between two steps of a run: the n-th step with this text on its connection, and when the runner dies there. */
type Boundary = Step & { n: number; previous: string; moment: Moment };

const name = ({ connection, n, moment, text }: Boundary): string =>
  `connection ${connection}, #${n} ${moment}: ${text.trim().slice(0, 60).replaceAll(/\s+/g, " ")}`;

const identity = ({ connection, n, moment, text }: Boundary): string => JSON.stringify([connection, n, moment, text]);

/** Steps that come at their own time, when a message takes long: a look at who blocks. They change nothing. */
const isSample = ({ text }: Step): boolean => text.startsWith("\nwith waiting as");

/** What differs from run to run: the nonce, the run's id, the backend's pid, a transaction's id. */
const normal = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "UUID")
    .replaceAll(/(lk_|lockkeeper )[0-9a-f]{24}/g, "$1NONCE")
    .replaceAll(/(OPERATOR\(pg_catalog\.<>\)|l\.pid =) \d+/g, "$1 PID")
    .replaceAll(/(IS DISTINCT FROM) '\d+'/g, "$1 XID");

/** Numbers each connection's steps, by text. */
function numbered() {
  const counts = new Map<string, number>();
  const last = new Map<number, { n: number; previous: string; text: string }>();
  return (step: Step, moment: Moment): Boundary => {
    const before = last.get(step.connection) ?? { n: 0, previous: "", text: "" };
    const text = normal(step.text);
    if (moment === "answered") return { ...step, moment, ...before };
    const key = `${step.connection} ${text}`;
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    const here = { n, previous: before.text, text };
    last.set(step.connection, here);
    return { ...step, moment, ...here };
  };
}

/** Every boundary of a run without faults. */
async function record(dir: string): Promise<Boundary[]> {
  await using db = await database({ template: template.name });
  const boundaries: Boundary[] = [];
  const number = numbered();
  const observe = watchSteps((step, moment) => {
    if (!isSample(step)) boundaries.push(number(step, moment));
    return "pass";
  });
  await using via = await proxyFor(db, { observe });
  expect(await migrated(via.url, dir)).toMatchObject({ code: EXIT.done });
  return boundaries;
}

/** Steps that change nothing in the database: whether the server did one before the runner died makes no difference. */
const READS = /^\s*(?:with|select(?! pg_catalog\.pg_(?:try_)?advisory)|set|reset)\b(?!.*\binsert\b)/is;

/**
 * One case for each boundary. Until the lock is taken nothing is written, and the look for a pooler goes round in circles:
 * there a boundary is known by the steps before and after it, so that one case stands for all rounds.
 */
function casesOf(boundaries: Boundary[]): Map<string, Boundary> {
  const locked = boundaries.findIndex(({ text }) => text.includes("pg_try_advisory_lock"));
  const keyOf = (boundary: Boundary, i: number): string => {
    const { connection, n, previous, text } = boundary;
    if (i < locked) return JSON.stringify([connection, previous, text]);
    return READS.test(text) ? JSON.stringify([connection, n, text]) : identity(boundary);
  };
  return new Map(boundaries.map((boundary, i) => [keyOf(boundary, i), boundary]));
}

/** What the other run doesn't have: up to where the two go apart, a runner doesn't know yet what it has to apply. */
function beyond(boundaries: Boundary[], other: Boundary[]): Boundary[] {
  const known = new Set(other.map(identity));
  const apart = new Map<number, number>();
  for (const [i, boundary] of boundaries.entries()) {
    if (!known.has(identity(boundary)) && !apart.has(boundary.connection)) apart.set(boundary.connection, i);
  }
  return boundaries.filter(({ connection }, i) => i >= (apart.get(connection) ?? Infinity));
}

/** Kills a run at the boundary, lets another one follow, and tells what is wrong afterwards: null when nothing is. */
async function killAt(boundary: Boundary, dir: string, sample: Sample): Promise<string | null> {
  await using db = await database({ template: template.name });
  let reached = false;
  {
    const number = numbered();
    const observe = watchSteps((step, moment) => {
      if (reached) return "cut";
      if (isSample(step)) return "pass";
      const here = number(step, moment);
      if (identity(here) !== identity(boundary)) return "pass";
      run.child.kill("SIGKILL");
      reached = true;
      return "cut";
    });
    await using via = await proxyFor(db, { observe });
    const run = startRun(via.url, dir);
    const { signal } = await run.ended;
    if (signal !== "SIGKILL" || !reached) return `${name(boundary)}: the run didn't come there`;
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
    return `${name(boundary)}: ${String(error)}\n${JSON.stringify(await runLog(db).catch(() => "no log"))}`;
  }
}

/** The row of a run that was killed: found dead by the next one, or finished before it was killed. */
const ENDED: Record<string, object> = { FAILED: { error_code: "ORPHANED" }, SUCCESS: { error_code: null } };

/** Kills a run at each of the boundaries. */
async function killAtEach(boundaries: Boundary[], dir: string, sample: Sample): Promise<void> {
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
  // A boundary without a case is a hole in this test.
  expect([...casesOf(boundaries).keys()].filter((key) => !done.has(key))).toEqual([]);
}

test("SQL: a run that is killed between any two steps is completed by the next, nothing lost and nothing twice", async () => {
  await using source = await write(SQL);
  const boundaries = await record(source.dir);
  for (const text of SQL.journal) expect(boundaries.some((at) => at.text.includes(entry(text)))).toBe(true);
  await killAtEach(boundaries, source.dir, SQL);
}, 600_000);

test.each([
  ["drizzle", DRIZZLE],
  ["modules", MODULES],
])(
  "%s: what differs from SQL is killed between any two steps too",
  async (_, sample) => {
    await using sql = await write(SQL);
    await using source = await write(sample);
    const boundaries = beyond(await record(source.dir), await record(sql.dir));
    for (const text of sample.journal) expect(boundaries.some((at) => at.text.includes(entry(text)))).toBe(true);
    await killAtEach(boundaries, source.dir, sample);
  },
  600_000,
);
