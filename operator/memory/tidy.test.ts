import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { startTidy } from "./tidy.ts";
import type { Heap } from "./tidy.ts";

const MB = 2 ** 20;

/** A process of which `live` bytes are in use. */
function started(usedBytes: number) {
  const clock = fakeClock();
  const state = { usedBytes, liveBytes: 20 * MB, cpuMs: 0, collected: 0 };
  const heap: Heap = {
    usedBytes: () => state.usedBytes,
    cpuMs: () => state.cpuMs,
    collect() {
      state.collected++;
      state.usedBytes = state.liveBytes;
      state.cpuMs += 200;
    },
  };
  return { clock, state, tidy: startTidy(clock, heap) };
}

test("what work has left is collected at rest, once", async () => {
  const { clock, state } = started(60 * MB);
  await clock.pass(5_000);
  expect(state).toMatchObject({ collected: 1, usedBytes: 20 * MB });
  await clock.pass(60_000);
  expect(state.collected).toBe(1);
});

test("nothing is collected while there is work, and what it left afterwards", async () => {
  const { clock, state } = started(60 * MB);
  for (let turn = 0; turn < 10; turn++) {
    state.cpuMs += 1_000;
    await clock.pass(5_000);
  }
  expect(state.collected).toBe(0);
  await clock.pass(5_000);
  expect(state.collected).toBe(1);
});

test("a little more isn't worth a pause; a fifth more, and some megabytes, is", async () => {
  const { clock, state } = started(60 * MB);
  await clock.pass(5_000);
  state.usedBytes = 23.9 * MB;
  await clock.pass(5_000);
  expect(state.collected).toBe(1);
  state.usedBytes = 24.1 * MB;
  await clock.pass(5_000);
  expect(state.collected).toBe(2);
  Object.assign(state, { liveBytes: 100 * MB, usedBytes: 100 * MB });
  await clock.pass(5_000);
  expect(state.collected).toBe(3);
  state.usedBytes = 119 * MB;
  await clock.pass(5_000);
  expect(state.collected).toBe(3);
});

test("nothing is collected after its end", async () => {
  const { clock, state, tidy } = started(60 * MB);
  tidy[Symbol.dispose]();
  await clock.pass(60_000);
  expect(state.collected).toBe(0);
});

test("the real one takes from the heap what nobody uses; without Node's flag there is none", async () => {
  const code = `import { ownHeap } from ${JSON.stringify(new URL("tidy.ts", import.meta.url).href)};
    const heap = ownHeap();
    let kept = Array.from({ length: 200_000 }, (_, i) => ({ i }));
    const before = heap?.usedBytes();
    kept = null;
    heap?.collect();
    console.log(JSON.stringify({ heap: heap !== null, less: before - heap?.usedBytes() > 5e6, cpu: heap?.cpuMs() > 1 }));`;
  const run = async (...flags: string[]): Promise<unknown> => {
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, "--input-type=module", "--eval", code]);
    return JSON.parse(stdout) as unknown;
  };
  expect(await run("--expose-gc")).toEqual({ heap: true, less: true, cpu: true });
  expect(await run()).toEqual({ heap: false, less: false, cpu: false });
});
