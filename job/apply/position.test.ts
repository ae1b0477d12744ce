import { expect, test } from "vitest";
import { codePoints, lineOfByte, lineOfCodePoint } from "./position.ts";

const TEXT = "a🐘\nöb\r\n\nc";

test("code points are counted, not bytes or UTF-16 units", () => {
  expect(codePoints(Buffer.from(TEXT))).toBe(9);
  expect(codePoints(Buffer.from("🐘"))).toBe(1);
  expect(codePoints(Buffer.alloc(0))).toBe(0);
});

test.each([
  [0, 1],
  [1, 1],
  [2, 1],
  [3, 2],
  [4, 2],
  [7, 3],
  [8, 4],
  [1_000, 4],
])("code point %i of the text is on line %i", (n, line) => expect(lineOfCodePoint(Buffer.from(TEXT), n)).toBe(line));

test.each([
  [0, 1],
  [5, 1],
  [6, 2],
  [11, 3],
  [12, 4],
  [1_000, 4],
])("byte %i of the text is on line %i", (offset, line) => expect(lineOfByte(Buffer.from(TEXT), offset)).toBe(line));
