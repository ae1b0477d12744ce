import { expect, test } from "vitest";
import { beyond, casesOf, identity, isRead, numbered, withoutCase } from "./boundaries.ts";
import type { Boundary } from "./boundaries.ts";

const LOCK = "select pg_catalog.pg_try_advisory_lock(1)";

/** A recording: every step is sent and answered, on the first connection. */
function recording(...texts: string[]): Boundary[] {
  const number = numbered();
  return texts.flatMap((text) => [
    number({ connection: 1, text }, "sent"),
    number({ connection: 1, text }, "answered"),
  ]);
}

const keys = (boundaries: Boundary[]): Set<string> => new Set(casesOf(boundaries).keys());

test("a boundary that another recording doesn't have is told by name, and so is each that was left out of the cases", () => {
  const short = recording("startup", LOCK, "insert 1", "terminate");
  const long = recording("startup", LOCK, "insert 1", "insert 2", "insert 1", "terminate");
  expect(withoutCase(short, keys(short))).toEqual([]);
  expect(withoutCase(short, keys(long))).toEqual([]);
  expect(withoutCase(long, keys(short))).toEqual([
    "connection 1, #1 sent: insert 2",
    "connection 1, #1 answered: insert 2",
    "connection 1, #2 sent: insert 1",
    "connection 1, #2 answered: insert 1",
  ]);
  for (const [i, key] of [...keys(long)].entries()) {
    const rest = new Set(keys(long));
    rest.delete(key);
    expect(withoutCase(long, rest), `without case ${i}`).not.toEqual([]);
  }
});

test("a write has a case before the server got it and one after; a read has one", () => {
  const cases = (text: string): number => keys(recording(LOCK, text)).size - keys(recording(LOCK)).size;
  expect(cases("insert into t values (1)")).toBe(2);
  expect(cases("select 1")).toBe(1);
});

test.each([
  "select 1",
  " with a as (select 1) select * from a",
  "set lock_timeout = 0",
  "select updated_at, is_deleted from pg_locks",
])("%s changes nothing", (text) => {
  expect(isRead(text)).toBe(true);
});

test.each([
  LOCK,
  "select pg_catalog.pg_advisory_unlock(1)",
  "with gone as (delete from t returning *) select * from gone",
  "with a as (\n UPDATE t set a = 1 returning *)\nselect * from a",
  "with a as (insert into t values (1) returning *) select * from a",
  "select * from t for update",
  "select * from t for no key update",
  "select * from t for share",
  "select * from t for key share",
  "select 1; lock table t",
  "set x = 1; commit",
  "begin",
])("%s may change something", (text) => {
  expect(isRead(text)).toBe(false);
});

test("before the lock one case stands for every round, and behind it each has its own", () => {
  const rounds = recording("startup", "select a", "select b", "select a", "select b", LOCK, "update t");
  const fewer = recording("startup", "select a", "select b", LOCK, "update t");
  expect(withoutCase(fewer, keys(rounds))).toEqual([]);
  const later = recording("startup", LOCK, "update t", "update t");
  expect(withoutCase(later, keys(recording("startup", LOCK, "update t")))).toHaveLength(2);
});

test("the end of the look for a pooler has one case, before and after the lock", () => {
  const on = (connection: number, text: string) => ({ connection, text });
  const [ask, end, lock] = [on(2, "BEGIN; select pg_catalog.pg_backend_pid()"), on(2, "COMMIT"), on(1, LOCK)];
  const look = (number: ReturnType<typeof numbered>): Boundary[] =>
    [ask, end].flatMap((step) => [number(step, "sent"), number(step, "answered")]);
  const early = numbered();
  const before = [...look(early), early(lock, "sent"), early(lock, "answered")];
  const late = numbered();
  const around = [...look(late).slice(0, 3), late(lock, "sent"), late(end, "answered"), late(lock, "answered")];
  expect(withoutCase(around, keys(before))).toEqual([]);
  expect(withoutCase(before, keys(around))).toEqual([]);
});

test("two runs go apart at the first boundary that only one of them has", () => {
  const [one, other] = [recording("startup", LOCK, "a", "c"), recording("startup", LOCK, "b", "c")];
  expect(beyond(one, other).map(identity)).toEqual(one.slice(4).map(identity));
  expect(beyond(one, one)).toEqual([]);
});
