/** What a recorder does while the API server refuses or is gone. The rest is tried on a real one: recorder.cluster.test.ts. */
import { expect, test } from "vitest";
import type { Api } from "../api/api.ts";
import { ApiError } from "../api/api.ts";
import { fakeClock } from "../clock-fixture.ts";
import type { EventInput } from "./event.ts";
import { openRecorder } from "./recorder.ts";

const event = (note: string, uid = note): EventInput => ({
  regarding: { apiVersion: "lockkeeper.dev/v1alpha1", kind: "DatabaseMigration", namespace: "shop", name: "web", uid },
  type: "Normal",
  reason: "Applied",
  action: "Migrate",
  note,
});

/** An API server that answers every request as told. */
function recorderAt(answer: () => ApiError | null, isBusy = () => false) {
  const clock = fakeClock();
  const asked: string[] = [];
  const warned: Record<string, unknown>[] = [];
  const request = async (method: string, path: string): Promise<unknown> => {
    asked.push(`${method} ${path}`);
    const error = answer();
    if (error !== null) throw error;
    return {};
  };
  const api = { request } as unknown as Api;
  const recorder = openRecorder({ api, instance: "pod-1", clock, isBusy, log: { warn: (keys) => warned.push(keys) } });
  return { recorder, clock, asked, warned };
}

test("without the right to create events that is logged once", async () => {
  const { recorder, clock, asked, warned } = recorderAt(() => new ApiError(403, "Forbidden", "no"));
  for (const note of ["a", "b", "c"]) recorder.record(event(note));
  await clock.pass(0);
  expect([asked.length, warned.length, recorder.dropped]).toEqual([3, 1, 3]);
});

test("a namespace that is being deleted is no missing right", async () => {
  const message = "unable to create new content in namespace shop because it is being terminated";
  const { recorder, clock, warned } = recorderAt(() => new ApiError(403, "Forbidden", message));
  recorder.record(event("a"));
  await clock.pass(0);
  expect([warned, recorder.dropped]).toEqual([[], 1]);
});

test("an event that is refused keeps no other one back", async () => {
  let refuse = true;
  const { recorder, clock, asked, warned } = recorderAt(() => {
    const error = refuse ? new ApiError(422, "Invalid", "no") : null;
    refuse = false;
    return error;
  });
  recorder.record(event("a"));
  recorder.record(event("b"));
  await clock.pass(0);
  expect([asked.length, warned.length, recorder.dropped]).toEqual([2, 1, 1]);
});

test("a server that is away for a while gets everything in the end", async () => {
  let away = true;
  const { recorder, clock, asked } = recorderAt(() => (away ? new ApiError(0, "Unreachable", "no") : null));
  recorder.record(event("a"));
  recorder.record(event("b"));
  await clock.pass(3_500);
  expect(asked).toHaveLength(3);
  away = false;
  await clock.pass(4_000);
  expect([asked.length, recorder.dropped]).toEqual([5, 0]);
});

test("of more than can wait the oldest are dropped, and who records doesn't wait", async () => {
  let away = true;
  const { recorder, clock, asked } = recorderAt(() => (away ? new ApiError(0, "Unreachable", "no") : null));
  for (let i = 0; i < 1_201; i++) recorder.record(event(`n${i}`));
  expect(recorder.dropped).toBe(201 - 1);
  away = false;
  await clock.pass(1_000);
  expect(asked).toHaveLength(1 + 1_001);
});

test("an object of which something new is told all the time is cut short", async () => {
  const { recorder, clock, asked } = recorderAt(() => null);
  for (let i = 0; i < 100; i++) recorder.record(event(`n${i}`, "one"));
  await clock.pass(0);
  expect([asked.length, recorder.dropped]).toEqual([25, 75]);
});

test("a flush gives up in time", async () => {
  const { recorder, clock } = recorderAt(() => new ApiError(0, "Unreachable", "no"));
  recorder.record(event("a"));
  recorder.record(event("b"));
  const flushed = recorder.flush(2_000);
  await clock.pass(2_000);
  await flushed;
  expect([recorder.dropped, clock.timers()]).toEqual([2, 0]);
});

test("what is recorded while the last one ends isn't forgotten", async () => {
  const { recorder, clock, asked } = recorderAt(() => null);
  for (let i = 0; i < 20; i++) {
    recorder.record(event(`n${i}`));
    for (let turn = 0; turn < i; turn++) await Promise.resolve();
  }
  await clock.pass(0);
  expect(asked).toHaveLength(20);
});

test("while there is work an event waits for its end, but for no more than a second", async () => {
  let busy = true;
  const { recorder, clock, asked } = recorderAt(
    () => null,
    () => busy,
  );
  for (const note of ["a", "b", "c", "d"]) recorder.record(event(note));
  await clock.pass(900);
  expect(asked.length).toBe(0);
  await clock.pass(200);
  expect(asked.length).toBe(1);
  busy = false;
  await clock.pass(100);
  expect(asked.length).toBe(4);
});

test("a flush waits for no work", async () => {
  const { recorder, clock, asked } = recorderAt(
    () => null,
    () => true,
  );
  for (const note of ["a", "b", "c"]) recorder.record(event(note));
  const flushed = recorder.flush(1_000);
  await clock.pass(100);
  await flushed;
  expect(asked.length).toBe(3);
});
