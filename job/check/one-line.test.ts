import { expect, test } from "vitest";
import { oneLine } from "./one-line.ts";

test.each([
  ["a line's end", "a\r\nb", "a b"],
  ["another one", "a\u2028b", "a b"],
  ["a workflow command", "::error::all is lost", ": :error::all is lost"],
  ["one after blanks", " \t\n ::stop-commands::x", ": :stop-commands::x"],
  ["an old one, anywhere", "a ##[add-mask]e", "a # #[add-mask]e"],
  ["another runner's", "##vso[task.setvariable variable=a]b", "# #vso[task.setvariable variable=a]b"],
  ["colours", "\u001B[31mred\u001B[0m", "red"],
  ["a window's title", "\u001B]0;title\u0007text", "text"],
  ["a turned direction", "a\u202Eb", "a b"],
  ["half a character", "a\uD800", "a\uFFFD"],
])("%s does nothing any more", (_, hostile, harmless) => {
  expect(oneLine(hostile)).toBe(harmless);
});

test("what is long is cut, between characters", () => {
  expect(oneLine("x".repeat(5_000))).toBe(`${"x".repeat(999)}…`);
  expect(oneLine("😀".repeat(900), 10).isWellFormed()).toBe(true);
  expect(oneLine("::".repeat(900), 10)).toHaveLength(10);
});
