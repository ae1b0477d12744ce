import { expect, test } from "vitest";
import { fakeClock } from "./clock-fixture.ts";
import { clusterClock } from "./cluster-clock.ts";

/** A local clock that is off by so many ms, the server's true time, and what was told of it. */
function clocks(offMs: number) {
  const local = fakeClock();
  const told: number[] = [];
  const clock = clusterClock(local, (ms) => told.push(ms));
  const truth = (): number => local.wall() - offMs;
  /** As a server tells it: whole seconds. */
  const hear = (askedAt = local.now()): void => clock.heard(new Date(truth()).toUTCString(), askedAt);
  const error = (): number => clock.wall() - truth();
  return { local, clock, told, hear, error };
}

test.each([0, 300, -300])(
  "a clock that is off by %i ms stays within the second that answers can tell",
  async (offMs) => {
    const { local, hear, error, told } = clocks(offMs);
    for (let answers = 0; answers < 20; answers++) {
      hear();
      await local.pass(1_070);
    }
    expect(Math.abs(error())).toBeLessThan(1_000);
    expect(told).toEqual([]);
  },
);

test("a right clock is not moved by any answer, however long it took", async () => {
  const { local, hear, error } = clocks(0);
  for (let answers = 0; answers < 20; answers++) {
    const askedAt = local.now();
    await local.pass(answers * 331);
    hear(askedAt);
    await local.pass(777);
    expect(error()).toBe(0);
  }
});

test.each([600_000, -600_000])("a clock that is off by %i ms is put right by the first answer", (offMs) => {
  const { local, clock, hear, error, told } = clocks(offMs);
  expect(error()).toBe(offMs);
  hear();
  expect(Math.abs(error())).toBeLessThanOrEqual(1_000);
  expect(told).toHaveLength(1);
  expect(clock.now()).toBe(local.now());
});

test("a clock that is put right by itself is believed again, and one that jumps isn't", () => {
  const { local, clock, hear, told } = clocks(600_000);
  hear();
  const before = clock.wall();
  local.jump(-600_000);
  clock.heard(new Date(before).toUTCString(), local.now());
  expect(Math.abs(clock.wall() - before)).toBeLessThanOrEqual(1_000);
  local.jump(3_600_000);
  clock.heard(new Date(before).toUTCString(), local.now());
  expect(Math.abs(clock.wall() - before)).toBeLessThanOrEqual(1_000);
  expect(told).toHaveLength(3);
});

test.each([undefined, "", "yesterday"])("a date of %j tells nothing", (date) => {
  const { clock, error } = clocks(600_000);
  clock.heard(date, clock.now());
  expect(error()).toBe(600_000);
});
