import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fakeHost, screen } from "./host-fixture.ts";
import type { FakeHost } from "./host-fixture.ts";
import { liveLine } from "./live-line.ts";
import type { LiveLine } from "./live-line.ts";
import { printer } from "./printer.ts";

const TICK_MS = 200;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function lineOf(host: FakeHost): { line: LiveLine; pass(ms: number): void } {
  const line = liveLine(host, printer(host));
  const pass = (ms: number): void => {
    host.pass(ms);
    vi.advanceTimersByTime(ms);
  };
  return { line, pass };
}

test("it is one line on standard error, written over again as time passes", () => {
  const host = fakeHost({ isTTY: true });
  const { line, pass } = lineOf(host);
  expect(host.written().err).toBe("");
  line.onEvent({ type: "migrating", migration: "0001_users", index: 1, total: 2 });
  pass(TICK_MS);
  expect(screen(host.written().err)).toEqual([expect.stringContaining("0001_users")]);
  line.onEvent({ type: "migrating", migration: "0002_orders", index: 2, total: 2 });
  pass(TICK_MS);
  expect(screen(host.written().err)).toEqual([expect.stringContaining("0002_orders")]);
  expect(host.written()).toEqual({ out: "", err: expect.not.stringContaining("\n") as string });
});

test("a thousand events between two ticks are drawn once", () => {
  const host = fakeHost({ isTTY: true });
  const { line, pass } = lineOf(host);
  for (let index = 1; index <= 1_000; index++) {
    line.onEvent({ type: "migrating", migration: `m${index}`, index, total: 1_000 });
  }
  pass(TICK_MS);
  expect(host.written().err.split("\r\u001B[2K")).toEqual(["", expect.stringContaining("m1000")]);
});

test("what would look the same isn't written again", () => {
  const host = fakeHost({ isTTY: true });
  lineOf(host);
  vi.advanceTimersByTime(TICK_MS);
  const once = host.written().err;
  vi.advanceTimersByTime(10 * TICK_MS);
  expect(once).not.toBe("");
  expect(host.written().err).toBe(once);
});

test("it is cut to the terminal's width, and control characters in a name don't reach the terminal", () => {
  const host = fakeHost({ isTTY: true, columns: 40 });
  const { line, pass } = lineOf(host);
  const migration = `\u001B[31m0001\r\n\u0007${"long_".repeat(20)}`;
  line.onEvent({ type: "migrating", migration, index: 1, total: 1 });
  pass(TICK_MS);
  const [shown, ...more] = screen(host.written().err);
  expect(more).toEqual([]);
  expect(shown).toMatch(/…$/);
  expect(shown).toHaveLength(39);
  expect(shown).not.toMatch(/\p{Cc}/u);
});

test("once closed it is gone from the terminal, and isn't drawn again", () => {
  const host = fakeHost({ isTTY: true });
  const { line, pass } = lineOf(host);
  pass(TICK_MS);
  expect(screen(host.written().err)).not.toEqual([""]);
  line.close();
  expect(screen(host.written().err)).toEqual([""]);
  const closed = host.written().err;
  pass(10 * TICK_MS);
  line.close();
  expect(host.written().err).toBe(closed);
});
