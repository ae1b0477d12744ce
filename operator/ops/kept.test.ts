import { expect, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { keeper } from "./kept.ts";

function setUp(most = 2) {
  const clock = fakeClock();
  const keep = keeper<number>(clock, { renewMs: 500, keptMs: 1_000, most });
  let made = 0;
  const work = async (): Promise<number> => ++made;
  return { clock, keep, work, made: () => made };
}

test("those who ask for the same share one", async () => {
  const { keep, work, made } = setUp();
  expect(await Promise.all([keep("a", work), keep("a", work)])).toEqual([1, 1]);
  expect(made()).toBe(1);
});

test("what is asked for all the time is made anew beside, once, and nobody waits for it", async () => {
  const { clock, keep, work, made } = setUp();
  await keep("a", work);
  await clock.pass(500);
  expect(await Promise.all([keep("a", work), keep("a", work)])).toEqual([1, 1]);
  await clock.pass(0);
  expect(made()).toBe(2);
  expect(await keep("a", work)).toBe(2);
});

test("nothing is given that is older than it may be", async () => {
  const { clock, keep, work } = setUp();
  await keep("a", work);
  await clock.pass(1_000);
  expect(await keep("a", work)).toBe(2);
  expect(clock.timers()).toBe(1);
});

test("one that can't be made anew is given until it is too old, and asked for again meanwhile", async () => {
  const { clock, keep, work } = setUp();
  await keep("a", work);
  await clock.pass(500);
  const fails = async (): Promise<number> => await Promise.reject(new Error("no"));
  expect(await keep("a", fails)).toBe(1);
  await clock.pass(0);
  expect(await keep("a", work)).toBe(1);
  await clock.pass(0);
  expect(await keep("a", work)).toBe(2);
  await clock.pass(1_000);
  await expect(keep("a", fails)).rejects.toThrow("no");
});

test("no more are kept than may be, the oldest go", async () => {
  const { keep, work, made } = setUp(2);
  for (const key of ["a", "b", "c"]) await keep(key, work);
  await keep("c", work);
  expect(made()).toBe(3);
  await keep("a", work);
  expect(made()).toBe(4);
});
