import { expect, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { Queue } from "./queue.ts";
import { withResync } from "./resync.ts";

const MINUTE = 60_000;

test("what is there is looked at again every 4 to 5 minutes, what is gone no more", async () => {
  const clock = fakeClock(0);
  const queue = new Queue({ clock, failed: () => undefined });
  const looked: { key: string; at: number }[] = [];
  const there = new Set(["a", "b"]);
  const look = async (key: string): Promise<null> => {
    looked.push({ key, at: clock.now() });
    return null;
  };
  const randoms = [0, 0.999];
  const worker = withResync(
    look,
    (key) => there.has(key),
    () => randoms[looked.length % 2] ?? 0,
  );
  const controller = new AbortController();
  const ended = queue.run(worker, 16, controller.signal);
  for (const key of ["a", "b", "gone"]) queue.addLow(key);
  await clock.pass(60 * MINUTE);
  for (const key of there) {
    const times = looked.filter((one) => one.key === key).map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(times.length).toBeGreaterThanOrEqual(12);
    for (const gap of gaps) {
      expect(gap).toBeGreaterThanOrEqual(4 * MINUTE);
      expect(gap).toBeLessThanOrEqual(5 * MINUTE);
    }
  }
  expect(looked.filter(({ key }) => key === "gone")).toHaveLength(1);
  controller.abort();
  await clock.pass(0);
  await ended;
});

test("a worker that wants to be called earlier is", async () => {
  const sooner = withResync(
    async () => 1_000,
    () => true,
    () => 0,
  );
  const later = withResync(
    async () => 60 * MINUTE,
    () => true,
    () => 0,
  );
  expect(await sooner("a")).toBe(1_000);
  expect(await later("a")).toBe(5 * MINUTE);
});
