import { expect, test } from "vitest";
import { parseTableName, quoteIdentifier, quoteLiteral, quoteTable, showTable } from "./name.ts";

test.each<[string, string, string]>([
  ["public.log", "public", "log"],
  ["Public.LOG", "public", "log"],
  ['"My Schema"."The ""Log"""', "My Schema", 'The "Log"'],
  ['app."a.b"', "app", "a.b"],
  ["größe._t$1", "größe", "_t$1"],
  [`${"a".repeat(63)}.b`, "a".repeat(63), "b"],
])("%s is a table in a schema", (text, schema, table) => {
  expect(parseTableName(text, "--run-log-table")).toEqual({ schema, table });
});

test.each(["log", "a.b.c", "", ".", "a.", "1a.b", "a b.c", '"a.b', 'a."', "a.b;drop table x", "$a.b"])(
  "%j is refused, and the flag is named",
  (text) => {
    expect(() => parseTableName(text, "--run-log-table")).toThrow(/^--run-log-table: .*is not a table in a schema/);
  },
);

test("a name is measured in bytes, not in characters", () => {
  expect(() => parseTableName(`a.${"a".repeat(64)}`, "--history-table")).toThrow("longer than the 63 bytes");
  expect(() => parseTableName(`a.${"ü".repeat(32)}`, "--history-table")).toThrow("longer than the 63 bytes");
  expect(parseTableName(`a.${"ü".repeat(31)}`, "--history-table").table).toHaveLength(31);
});

test("identifiers and literals are quoted so that nothing gets out of them", () => {
  expect(quoteIdentifier('a"b')).toBe('"a""b"');
  expect(quoteTable({ schema: 'x"', table: "Y" })).toBe('"x"""."Y"');
  expect(showTable({ schema: "a", table: "b" })).toBe("a.b");
  expect(quoteLiteral("it's")).toBe("'it''s'");
  expect(quoteLiteral(String.raw`a\'b`)).toBe(String.raw` E'a\\''b'`);
});
