import { expect, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { Schedule } from "./schedule.ts";

function setUp() {
  const clock = fakeClock(0);
  const rung: { key: string; at: number }[] = [];
  const schedule = new Schedule(clock, (key) => rung.push({ key, at: clock.now() }));
  return { clock, rung, schedule };
}

test("a thousand keys come in the order of their times, with one timer", async () => {
  const { clock, rung, schedule } = setUp();
  let seed = 1;
  const times = Array.from({ length: 1_000 }, () => (seed = (seed * 48_271) % 2_147_483_647) % 500);
  for (const [index, ms] of times.entries()) schedule.add(`key-${index}`, ms);
  expect(clock.timers()).toBe(1);
  await clock.pass(500);
  expect(rung.map(({ at }) => at)).toEqual(times.toSorted((a, b) => a - b));
  for (const { key, at } of rung) expect(at).toBe(times[Number(key.slice(4))]);
  expect(clock.timers()).toBe(0);
});

test("a key that was taken out doesn't ring", async () => {
  const { clock, rung, schedule } = setUp();
  schedule.add("a", 10);
  schedule.add("b", 20);
  schedule.delete("a");
  await clock.pass(100);
  expect(rung).toEqual([{ key: "b", at: 20 }]);
});

test("a key that was taken out and put in again rings once, at its new time", async () => {
  const { clock, rung, schedule } = setUp();
  schedule.add("a", 10);
  schedule.delete("a");
  schedule.add("a", 30);
  await clock.pass(100);
  expect(rung).toEqual([{ key: "a", at: 30 }]);
});

test("keys that are put off again and again leave nothing behind", async () => {
  const { clock, rung, schedule } = setUp();
  for (let round = 0; round < 10_000; round++) {
    schedule.delete("a");
    schedule.add("a", 3_600_000 + round);
  }
  expect(schedule.size).toBe(1);
  expect(schedule.entries).toBeLessThan(200);
  await clock.pass(4_000_000);
  expect(rung).toHaveLength(1);
});

test("what is due while the process is stopped rings when it goes on", async () => {
  const { clock, rung, schedule } = setUp();
  schedule.add("a", 10);
  schedule.add("b", 20);
  clock.freeze(1_000);
  schedule.add("c", 5);
  await clock.pass(5);
  expect(rung.map(({ key }) => key)).toEqual(["a", "b", "c"]);
});
