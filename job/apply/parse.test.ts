import { expect, test } from "vitest";
import { parseStatements, syntaxError } from "./parse.ts";

type Part = [number, string, string];

async function parts(sql: string): Promise<Part[] | null> {
  const content = Buffer.from(sql);
  const statements = await parseStatements(content);
  if (statements === null) return null;
  return statements.map(({ number, type, from, to }): Part => [number, type, content.toString("utf8", from, to)]);
}

test("each statement is numbered, named and cut out without what stands before it", async () => {
  const sql = "-- größe 🐘\n/* a /* nested */ b */\nselect 'ü';\n\n -- next\n;; create table t ();vacuum";
  expect(await parts(sql)).toEqual([
    [1, "SelectStmt", "select 'ü'"],
    [2, "CreateStmt", "create table t ()"],
    [3, "VacuumStmt", "vacuum"],
  ]);
});

test("a text without statements has none, and one that isn't SQL is null", async () => {
  expect(await parts("")).toEqual([]);
  expect(await parts("-- only a comment\n")).toEqual([]);
  expect(await parts(";;")).toEqual([]);
  expect(await parts("selec 1")).toBeNull();
  expect(await parts("select 'open")).toBeNull();
});

test("a syntax error has the parser's words and its line, also behind characters of several bytes", async () => {
  expect(await syntaxError(Buffer.from("select '🐘🐘',\n 'ö';\n\nselec 1;\n"))).toEqual({
    message: 'syntax error at or near "selec"',
    line: 4,
  });
  expect(await syntaxError(Buffer.from("select 1"))).toBeNull();
});
