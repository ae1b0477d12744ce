import { expect, test } from "vitest";
import { ApiError } from "../api/api.ts";
import { fakeClock } from "../clock-fixture.ts";
import { openFollowers } from "./followers.ts";
import { FINISHED, migrating, POD, RUN, scriptedLogs } from "./log-fixture.ts";
import type { Stream } from "./log-fixture.ts";

function followersOf(most: number, ...streams: Stream[]) {
  const clock = fakeClock();
  const told: string[] = [];
  const warned: unknown[] = [];
  const logs = scriptedLogs(...streams);
  const followers = openFollowers({
    api: logs.api,
    clock,
    most,
    onProgress: (runId) => told.push(runId),
    log: { warn: (keys) => warned.push(keys) },
  });
  return { ...logs, clock, told, warned, followers };
}

test("a run is followed from a second on, and its progress is there until it is stopped", async () => {
  const { asked, clock, told, followers } = followersOf(5, { lines: [migrating(3)], end: "goes on" });
  followers.start(RUN, POD);
  await clock.pass(999);
  expect(asked).toEqual([]);
  expect(followers.get(RUN)).toBeNull();
  await clock.pass(1);
  expect(followers.get(RUN)).toMatchObject({ step: { index: 3 } });
  expect(told).toEqual([RUN]);
  followers.stop(RUN);
  await clock.pass(0);
  expect(followers.get(RUN)).toBeNull();
  expect([followers.size, clock.timers()]).toEqual([0, 0]);
});

test("a run that is over within the second is never read", async () => {
  const { asked, clock, followers } = followersOf(5, {});
  followers.start(RUN, POD);
  followers.stop(RUN);
  await clock.pass(5_000);
  expect(asked).toEqual([]);
});

test("a pod is read by one connection, however often it is started", async () => {
  const { asked, clock, followers, open } = followersOf(5, { end: "goes on" });
  for (let times = 0; times < 3; times++) {
    followers.start(RUN, POD);
    await clock.pass(1_000);
  }
  expect([asked.length, open()]).toEqual([1, 1]);
  followers.start(RUN, { ...POD, name: "web-2-y" });
  await clock.pass(1_000);
  expect([asked.length, open()]).toEqual([2, 1]);
  expect(asked[1]?.path).toContain("web-2-y");
  followers.stopAll();
  await clock.pass(0);
  expect(open()).toBe(0);
});

test("no more are read at once than there is place for; the next one takes the place of one that ends", async () => {
  const { asked, clock, followers, open } = followersOf(2, { end: "goes on" });
  const pods = ["a", "b", "c", "d"];
  for (const name of pods) followers.start(name, { ...POD, name });
  await clock.pass(1_000);
  expect([asked.length, open()]).toEqual([2, 2]);
  followers.stop("c");
  followers.stop("a");
  await clock.pass(0);
  expect([asked.length, open()]).toEqual([3, 2]);
  expect(asked[2]?.path).toContain("/pods/d/");
  followers.stopAll();
  await clock.pass(0);
  expect([open(), clock.timers()]).toEqual([0, 0]);
});

test("without the right to read logs that is logged once, and nothing is tried again", async () => {
  const { asked, clock, warned, followers } = followersOf(5, { end: new ApiError(403, "Forbidden", "no") });
  followers.start("a", POD);
  followers.start("b", { ...POD, name: "other" });
  await clock.pass(60_000);
  expect(asked).toHaveLength(2);
  expect(warned).toEqual([{ namespace: "shop", right: "get pods/log" }]);
});

test("a run that has ended keeps what was read last", async () => {
  const { clock, followers } = followersOf(5, { lines: [migrating(3), FINISHED] });
  followers.start(RUN, POD);
  await clock.pass(1_000);
  expect(followers.get(RUN)).toMatchObject({ step: { index: 3 }, waiting: null });
});
