import { expect, test } from "vitest";
import { ApiError } from "../api/api.ts";
import { fakeClock } from "../clock-fixture.ts";
import { follow } from "./follow.ts";
import { FINISHED, migrating, POD, RUN, scriptedLogs } from "./log-fixture.ts";
import type { Stream } from "./log-fixture.ts";

function following(...streams: Stream[]) {
  const clock = fakeClock();
  const stop = new AbortController();
  const told: (number | undefined)[] = [];
  const logs = scriptedLogs(...streams);
  const end = follow(logs.api, POD, {
    runId: RUN,
    signal: stop.signal,
    clock,
    onProgress: ({ step }) => told.push(step?.index),
  });
  return { ...logs, clock, stop, told, end };
}

test("the runner's container is read, from its last lines on, line by line of a bounded length", async () => {
  const { asked, told, end } = following({ lines: [migrating(1), FINISHED] });
  expect(await end).toBe("ended");
  expect(told).toEqual([1, 1]);
  expect(asked).toEqual([
    {
      path: "/api/v1/namespaces/shop/pods/web-1-x/log",
      query: { container: "lockkeeper", follow: true, tailLines: 100 },
      longestLine: 65_536,
    },
  ]);
});

test("of many lines at once the first and the newest are told, a second apart", async () => {
  const lines = Array.from({ length: 1_000 }, (_, i) => migrating(i + 1));
  const { clock, stop, told, end } = following({ lines, end: "goes on" });
  await clock.pass(999);
  expect(told).toEqual([1]);
  await clock.pass(1);
  expect(told).toEqual([1, 1_000]);
  await clock.pass(10_000);
  expect(told).toEqual([1, 1_000]);
  stop.abort();
  expect(await end).toBe("aborted");
  expect(clock.timers()).toBe(0);
});

test("more than is worth reading is left, and its last lines are read a second later", async () => {
  function* flood() {
    for (let i = 1; ; i++) yield migrating(i);
  }
  const { asked, clock, stop, told, end, open } = following(
    { lines: flood() },
    { lines: flood() },
    { lines: [migrating(9_000)], end: "goes on" },
  );
  await clock.pass(999);
  expect([asked.length, open()]).toEqual([1, 0]);
  await clock.pass(5_000);
  expect(asked).toHaveLength(3);
  expect(told.at(-1)).toBe(9_000);
  stop.abort();
  expect(await end).toBe("aborted");
});

test("a broken stream is read on", async () => {
  const { clock, told, end } = following({ lines: [migrating(1)], end: "breaks" }, { lines: [migrating(2), FINISHED] });
  await clock.pass(1_000);
  expect(await end).toBe("ended");
  expect(told).toContain(2);
});

test("a stream that the server ends before the runner's last line is read on", async () => {
  const { asked, clock, end } = following({ lines: [migrating(1)] }, { lines: [FINISHED] });
  await clock.pass(1_000);
  expect(await end).toBe("ended");
  expect(asked).toHaveLength(2);
});

test("what breaks again and again is left after a few tries, at growing distances", async () => {
  const { asked, clock, end } = following({ end: "breaks" });
  const at: number[] = [];
  for (let second = 0; second < 120; second++) {
    if (asked.length > at.length) at.push(second);
    await clock.pass(1_000);
  }
  expect(await end).toBe("lost");
  expect(at).toEqual([0, 1, 3, 7, 15, 31]);
});

test.each([
  [403, "Forbidden", "forbidden"],
  [404, "NotFound", "gone"],
] as const)("a %d isn't tried again", async (status, reason, is) => {
  const { asked, end } = following({ end: new ApiError(status, reason, "no") });
  expect(await end).toBe(is);
  expect(asked).toHaveLength(1);
});

test("a container that hasn't started is asked for again", async () => {
  const { clock, end } = following(
    { end: new ApiError(400, "BadRequest", "is waiting to start") },
    { lines: [FINISHED] },
  );
  await clock.pass(1_000);
  expect(await end).toBe("ended");
});

test("it ends at once when it is stopped, also while it waits", async () => {
  const { clock, stop, end } = following({ end: "breaks" });
  await clock.pass(10);
  stop.abort();
  expect(await end).toBe("aborted");
  expect(clock.timers()).toBe(0);
});
