import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

test.each<[string, number]>([
  ["0", 0],
  ["0s", 0],
  ["250ms", 250],
  ["5s", 5_000],
  ["1.5s", 1_500],
  ["10m", 600_000],
  ["1h30m", 5_400_000],
  ["90d", 7_776_000_000],
  [" 5s ", 5_000],
  ["0.4ms", 0],
  ["3650d", 315_360_000_000],
])("%j is %i ms", (text, ms) => expect(parseDuration(text)).toBe(ms));

test.each([
  "",
  "5",
  "-5s",
  "5 s",
  "s",
  "5x",
  "5s!",
  "1e3s",
  "5S",
  "1h 30m",
  "0 0",
  "3651d",
  "99999999999999999999d",
  "Infinity",
])("%j is no duration", (text) => expect(parseDuration(text)).toBeNull());

test.each<[number, string]>([
  [-5, "0 ms"],
  [0.6, "1 ms"],
  [999, "999 ms"],
  [1_000, "1 s"],
  [1_250, "1.3 s"],
  [9_990, "10 s"],
  [59_999, "59 s"],
  [60_000, "1m"],
  [3_599_999, "59m"],
  [5_400_000, "1h 30m"],
  [86_400_000, "1d"],
  [93_600_000, "1d 2h"],
])("%i ms is shown as %j", (ms, text) => expect(formatDuration(ms)).toBe(text));
