import { expect, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { Queue } from "./queue.ts";
import type { Failed, Worker } from "./queue.ts";

const SOON = 0;

function setUp(concurrency = 16) {
  const clock = fakeClock();
  const failures: Failed[] = [];
  const queue = new Queue({ clock, failed: (failed) => failures.push(failed), random: () => 0 });
  const controller = new AbortController();
  const run = async (worker: Worker): Promise<void> => await queue.run(worker, concurrency, controller.signal);
  return { clock, queue, failures, run, stop: () => controller.abort() };
}

/** A worker whose runs end when the test says so. */
function handWorker() {
  const started: string[] = [];
  const open = new Map<string, PromiseWithResolvers<number | null>>();
  let twice = false;
  const worker: Worker = async (key) => {
    twice ||= open.has(key);
    started.push(key);
    const run = Promise.withResolvers<number | null>();
    open.set(key, run);
    return await run.promise.finally(() => open.delete(key));
  };
  const end = (key: string, againInMs: number | null = null): void => open.get(key)?.resolve(againInMs);
  return { worker, started, end, fail: (key: string) => open.get(key)?.reject(new Error("no")), ranTwice: () => twice };
}

test("a key that is added many times runs once", async () => {
  const { clock, queue, run } = setUp();
  const { worker, started } = handWorker();
  void run(worker);
  for (let times = 0; times < 3; times++) queue.add("a");
  queue.addLow("a");
  await clock.pass(SOON);
  expect(started).toEqual(["a"]);
  expect(queue).toMatchObject({ waiting: 0, running: 1 });
});

test("many keys are begun a few in a turn, so that whoever asks the process meanwhile gets an answer in between", async () => {
  const { clock, queue, run } = setUp();
  const { worker, started } = handWorker();
  const seen: number[] = [];
  void run(worker);
  for (const key of ["a", "b", "c", "d", "e"]) queue.add(key);
  const look = (): void => {
    seen.push(started.length);
    if (started.length < 5) clock.soon(look);
  };
  clock.soon(look);
  await clock.pass(SOON);
  expect(seen).toEqual([2, 4, 5]);
});

test("a key that changes while it runs runs again as soon as it is done, not before", async () => {
  const { clock, queue, run } = setUp();
  const { worker, started, end } = handWorker();
  void run(worker);
  queue.add("a");
  await clock.pass(SOON);
  queue.add("a");
  queue.add("b");
  await clock.pass(1_000);
  expect(started).toEqual(["a", "b"]);
  end("a");
  await clock.pass(SOON);
  expect(started).toEqual(["a", "b", "a"]);
});

test("no key ever runs twice at once, and every change is followed by a run, whatever comes in which order", async () => {
  const { clock, queue, run, failures } = setUp(3);
  const { worker, started, end, fail, ranTwice } = handWorker();
  const keys = ["a", "b", "c", "d", "e"];
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  const lastChange = new Map<string, number>();
  let most = 0;
  void run(worker);
  for (let step = 0; step < 3_000; step++) {
    const key = keys[random(keys.length)] ?? "";
    const what = random(6);
    if (what < 2) {
      queue.add(key);
      lastChange.set(key, started.length);
    }
    if (what === 2) queue.addLow(key);
    if (what === 3) queue.addAfter(key, random(50));
    if (what === 4) end(key, random(2) === 0 ? null : random(40));
    if (what === 5) fail(key);
    if (step % 3 === 0) await clock.pass(random(5));
    most = Math.max(most, queue.running);
  }
  for (let round = 0; round < 20; round++) {
    for (const key of keys) end(key);
    await clock.pass(SOON);
  }
  expect(ranTwice()).toBe(false);
  expect(most).toBe(3);
  expect(failures.length).toBeGreaterThan(0);
  for (const [key, change] of lastChange) expect(started.lastIndexOf(key)).toBeGreaterThanOrEqual(change);
});

test("of several times the earliest wins", async () => {
  const { clock, queue, run } = setUp();
  const { worker, started } = handWorker();
  void run(worker);
  queue.addAfter("a", 500);
  queue.addAfter("a", 100);
  queue.addAfter("a", 900);
  await clock.pass(99);
  expect(started).toEqual([]);
  await clock.pass(1);
  expect(started).toEqual(["a"]);
});

test("a worker is called again when it asked to be, and a time from before its run counts no more", async () => {
  const { clock, queue, run } = setUp();
  const { worker, started, end } = handWorker();
  void run(worker);
  queue.addAfter("a", 50);
  queue.add("a");
  await clock.pass(SOON);
  end("a", 200);
  await clock.pass(199);
  expect(started).toEqual(["a"]);
  await clock.pass(1);
  expect(started).toEqual(["a", "a"]);
});

test("a time that was asked for during a run counts", async () => {
  const { clock, queue, run } = setUp();
  const { worker, started, end } = handWorker();
  void run(worker);
  queue.add("a");
  await clock.pass(SOON);
  queue.addAfter("a", 50);
  end("a", null);
  await clock.pass(50);
  expect(started).toEqual(["a", "a"]);
});

test("the backlog comes after fresh changes, and a change lifts a key out of it", async () => {
  const { clock, queue, run } = setUp(1);
  const { worker, started, end } = handWorker();
  for (const key of ["old-1", "old-2", "old-3"]) queue.addLow(key);
  queue.add("new-1");
  queue.add("old-2");
  void run(worker);
  for (const key of ["new-1", "old-2", "old-1", "old-3"]) {
    await clock.pass(SOON);
    end(key);
  }
  expect(started).toEqual(["new-1", "old-2", "old-1", "old-3"]);
});

test("a backlog moves on even if fresh changes never end", async () => {
  const { clock, queue, run, stop } = setUp(1);
  const started = new Set<string>();
  for (let index = 0; index < 5; index++) queue.addLow(`old-${index}`);
  queue.add("busy-1");
  queue.add("busy-2");
  void run(async (key) => {
    started.add(key);
    if (key.startsWith("busy")) queue.add(key);
    return null;
  });
  for (let turn = 0; turn < 100 && started.size < 7; turn++) await clock.pass(1);
  stop();
  expect(started.size).toBe(7);
});

test("a key that fails waits longer each time up to a minute, and from the beginning after a success", async () => {
  const { clock, queue, run, failures } = setUp();
  let healthy = false;
  let calls = 0;
  void run(async () => {
    calls++;
    if (!healthy) throw new Error("no");
    return null;
  });
  queue.add("a");
  for (let index = 0; index < 20; index++) await clock.pass(60_000);
  const waits = failures.map(({ againInMs }) => againInMs);
  expect(waits.slice(0, 5)).toEqual([5, 10, 20, 40, 80]);
  expect(Math.max(...waits)).toBe(60_000);
  expect(failures.map(({ failures: count }) => count)).toEqual(waits.map((_, index) => index + 1));
  healthy = true;
  await clock.pass(60_000);
  const before = calls;
  await clock.pass(600_000);
  expect(calls).toBe(before);
  healthy = false;
  queue.add("a");
  await clock.pass(SOON);
  expect(failures.at(-1)).toMatchObject({ key: "a", failures: 1, againInMs: 5 });
});

test("keys that failed together come back apart", async () => {
  const clock = fakeClock();
  const waits: number[] = [];
  const randoms = [0, 0.5, 0.999];
  const queue = new Queue({
    clock,
    failed: ({ againInMs }) => waits.push(againInMs),
    random: () => randoms[waits.length] ?? 0,
  });
  for (const key of ["a", "b", "c"]) queue.add(key);
  const controller = new AbortController();
  const ended = queue.run(async () => await Promise.reject(new Error("no")), 3, controller.signal);
  await clock.pass(1);
  controller.abort();
  await clock.pass(SOON);
  await ended;
  expect(waits[0]).toBe(5);
  expect(waits[1]).toBe(3.75);
  expect(waits[2]).toBeCloseTo(2.5, 1);
});

test("a key that always fails doesn't keep others from running", async () => {
  const { clock, queue, run, failures } = setUp(1);
  const done: string[] = [];
  void run(async (key) => {
    if (key === "poison") throw new Error("no");
    done.push(key);
    return null;
  });
  queue.add("poison");
  for (let index = 0; index < 50; index++) {
    queue.add(`good-${index}`);
    queue.add("poison");
    await clock.pass(1);
  }
  expect(done).toHaveLength(50);
  expect(failures.length).toBeGreaterThan(10);
});

test("run ends when it is aborted and the running workers are done; what waits isn't begun", async () => {
  const { clock, queue, run, stop } = setUp(1);
  const { worker, started, end } = handWorker();
  queue.add("a");
  queue.add("b");
  queue.addAfter("c", 5);
  let ended = false;
  const running = run(worker).then(() => (ended = true));
  await clock.pass(SOON);
  stop();
  queue.add("a");
  await clock.pass(1_000);
  expect(ended).toBe(false);
  end("a");
  await running;
  await clock.pass(1_000);
  expect(started).toEqual(["a"]);
  expect(queue).toMatchObject({ waiting: 0, running: 0, scheduled: 0 });
  expect(clock.timers()).toBe(0);
});

test("run ends at once when it is aborted before it began", async () => {
  const { queue, run, stop } = setUp();
  const { worker, started } = handWorker();
  queue.add("a");
  stop();
  await run(worker);
  expect(started).toEqual([]);
});

test("keys that were added before run are not lost", async () => {
  const { clock, queue, run } = setUp();
  const { worker, started } = handWorker();
  queue.add("a");
  queue.addAfter("b", 10);
  await clock.pass(20);
  void run(worker);
  await clock.pass(SOON);
  expect(started).toEqual(["a", "b"]);
});
