import { expect, test } from "vitest";
import { parseJson } from "./json.ts";

test.each([
  ["{}"],
  ["[]"],
  [' {"a":\t[1,-2.5e+3, {"b" : null}],\r\n "c\\n\\u00e4":"\\"\\\\", "": [true,false,[]] } '],
  ['"text"'],
  ["0"],
  ["1E400"],
])("%s is read as JSON.parse reads it", (text) => {
  expect(parseJson(text)).toMatchObject({ value: JSON.parse(text) });
});

test.each([
  ["", 1, 1, "a value expected, but the file ends"],
  ['{\n  "a": 1,\n}', 3, 1, "a string expected"],
  ['{\n  "a": [1, 2\n}', 3, 1, '"," or "]" expected'],
  ['{"a" 1}', 1, 6, '":" expected'],
  ['{"a": x}', 1, 7, "a value expected"],
  ["[1,\n 02]", 2, 3, '"," or "]" expected'],
  ["{} {}", 1, 4, "the end of the file expected"],
  ['["a\nb"]', 1, 2, "a value expected"],
  ["[\n1, ", 2, 4, "a value expected, but the file ends"],
  ['{"a": 1,\n "a": 2}', 2, 2, 'the key "a" is there twice'],
  ["[".repeat(100_000), 1, 66, "less nesting expected"],
])("what is wrong in %j is found where it is", (text, line, column, message) => {
  expect(parseJson(text)).toEqual({ line, column, message });
});

test("the line of a value is known, and of its parent where there is none", () => {
  const parsed = parseJson('{\n "a": [\n  {"b": 1},\n  {\n   "b": 2 }\n ]\n}');
  const lineOf = "lineOf" in parsed ? parsed.lineOf : () => 0;
  expect([[], ["a"], ["a", 0], ["a", 1], ["a", 1, "b"], ["a", 1, "c"], ["d"]].map(lineOf)).toEqual([
    1, 2, 3, 4, 5, 4, 1,
  ]);
});
