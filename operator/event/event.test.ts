import { expect, test } from "vitest";
import { eventName, microTime, note } from "./event.ts";
import { eventLimit } from "./limit.ts";

test.each([
  ["a short one", "0007_add_sets failed", "0007_add_sets failed"],
  ["one of many lines", " a\n\tb\u001B[31m ", "a b [31m"],
  [
    "one with a password",
    "can't reach postgres://web:hunter2@db/shop",
    "can't reach postgres://web:[redacted]@db/shop",
  ],
  ["one of exactly 1,024 bytes", "x".repeat(1_024), "x".repeat(1_024)],
  ["a longer one", "x".repeat(1_025), `${"x".repeat(1_021)}…`],
  ["a longer one of wide characters", "😀".repeat(500), `${"😀".repeat(255)}…`],
])("a note is bounded and clean: %s", (_name, text, expected) => {
  expect(note(text)).toBe(expected);
  expect(Buffer.byteLength(note(text))).toBeLessThanOrEqual(1_024);
});

test("an event's name is the object's, and differs each time", () => {
  expect(eventName("web")).toMatch(/^web\.[0-9a-f]{16}$/);
  expect(eventName("web")).not.toBe(eventName("web"));
  expect(eventName(`${"a".repeat(235)}-.${"b".repeat(16)}`)).toMatch(/^a{235}\.[0-9a-f]{16}$/);
});

test("a time has microseconds", () => {
  expect(microTime(Date.UTC(2026, 2, 1) + 7)).toBe("2026-03-01T00:00:00.007000Z");
});

test("an object may have 25 new events at once, and then one a minute", () => {
  const allowed = eventLimit();
  const inARow = (now: number): number => {
    let times = 0;
    while (allowed("uid", now)) times++;
    return times;
  };
  expect(inARow(0)).toBe(25);
  expect(allowed("other", 0)).toBe(true);
  expect(inARow(59_000)).toBe(0);
  expect(inARow(60_000)).toBe(1);
  expect(inARow(24 * 3_600_000)).toBe(25);
});
