import { expect, test } from "vitest";
import { parseStatements } from "./parse.ts";
import type { Unit } from "./unit.ts";
import { divide, refusesTransaction } from "./units.ts";

async function unitsOf(sql: string): Promise<Unit[]> {
  const content = Buffer.from(sql);
  return divide((await parseStatements(content)) ?? [], content, "/dir/0001_file.sql");
}

/** Units as `KIND: TEXT`, the text of those that stay together in brackets. */
async function shape(sql: string): Promise<string[]> {
  const units = await unitsOf(sql);
  return units.map(({ kind, from, to, single }) => {
    const text = Buffer.from(sql).toString("utf8", from, to);
    return `${kind}: ${single ? text : `[${text}]`}`;
  });
}

test.each<[string, string, string[]]>([
  ["each statement is a unit", "select 1; select 2;", ["transaction: select 1", "transaction: select 2"]],
  [
    "BEGIN ... COMMIT stays together, without the two",
    "select 1; begin; select 2; select 3; commit; select 4",
    ["transaction: select 1", "transaction: [select 2; select 3]", "transaction: select 4"],
  ],
  [
    "what stands before a first COMMIT stays together: it was written for a tool that opens a transaction",
    "select 1; select 2; commit; select 3;",
    ["transaction: [select 1; select 2]", "transaction: select 3"],
  ],
  ["a BEGIN that is never closed holds to the end", "begin; select 1; select 2", ["transaction: [select 1; select 2]"]],
  [
    "a BEGIN in a transaction opens no other one, as in the server",
    "begin; select 1; begin; select 2; commit",
    ["transaction: [select 1; begin; select 2]"],
  ],
  ["an empty transaction is nothing", "begin; commit; select 1", ["transaction: select 1"]],
  [
    "savepoints stay in their transaction",
    "begin; savepoint s; rollback to s; end;",
    ["transaction: [savepoint s; rollback to s]"],
  ],
  [
    "SET and RESET outside a transaction are settings, inside they stay where they are",
    "set search_path = a; begin; set local x.y = 1; select 1; commit; reset all",
    ["setting: set search_path = a", "transaction: [set local x.y = 1; select 1]", "setting: reset all"],
  ],
  [
    "what refuses a transaction stands alone",
    "vacuum a; create index concurrently i on a (b); drop index concurrently i; select 1",
    [
      "alone: vacuum a",
      "alone: create index concurrently i on a (b)",
      "alone: drop index concurrently i",
      "transaction: select 1",
    ],
  ],
])("%s", async (_, sql, units) => expect(await shape(sql)).toEqual(units));

test.each<[string, boolean]>([
  ["create index concurrently i on a (b)", true],
  ["create index i on a (b)", false],
  ["drop index concurrently i", true],
  ["drop index i", false],
  ["vacuum", true],
  ["analyze", false],
  ["reindex (concurrently) table a", true],
  ["reindex index concurrently i", true],
  ["reindex index i", false],
  ["alter table a detach partition b concurrently", true],
  ["alter table a detach partition b", false],
  ["alter system set work_mem = '8MB'", true],
  ["alter type t add value 'x'", false],
])("%s: refuses a transaction for sure: %s", async (sql, refuses) => {
  const [statement] = (await parseStatements(Buffer.from(sql))) ?? [];
  expect(statement === undefined ? null : refusesTransaction(statement)).toBe(refuses);
});

test.each<[string, Unit["proof"]]>([
  ["create index concurrently i on s.a (b)", { by: "index", schema: "s", table: "a", name: "i" }],
  ['create index concurrently "I" on a (b)', { by: "index", schema: null, table: "a", name: "I" }],
  ["drop index concurrently s.i", { by: "dropped-index", schema: "s", name: "i" }],
  ["drop index concurrently if exists i", { by: "dropped-index", schema: null, name: "i" }],
  ["vacuum a", { by: "repetition" }],
  ["reindex index concurrently i", { by: "repetition" }],
  ["alter system set work_mem = '8MB'", { by: "repetition" }],
  ["call p()", { by: "nothing", partial: true }],
  ["alter table a detach partition b concurrently", { by: "nothing", partial: true }],
])("an unfinished `%s` is proved by %j", async (sql, proof) => {
  const [unit] = await unitsOf(sql);
  expect(unit?.proof).toEqual(proof);
});

test("nothing proves several statements that stand together, whatever the first one is", async () => {
  const [unit] = await unitsOf("begin; reindex table a; select 1; commit;");
  expect(unit).toMatchObject({ single: false, proof: { by: "nothing" } });
});

test("a unit knows its first statement's number and line", async () => {
  const units = await unitsOf("-- ü\nselect 1;\n\nbegin;\n  select 2;\n  select 3;\ncommit;\nselect 4;");
  expect(units.map(({ statement, line }) => [statement, line])).toEqual([
    [1, 2],
    [3, 5],
    [6, 8],
  ]);
});

test.each<[string, string, number, number]>([
  ["begin; select 1;\nrollback;", "ROLLBACK", 2, 3],
  ["abort;", "ROLLBACK", 1, 1],
  ["prepare transaction 'x';", "PREPARE TRANSACTION", 1, 1],
  ["rollback prepared 'x';", "PREPARE TRANSACTION", 1, 1],
  ["select 1;\nbegin read only;", "BEGIN with options", 2, 2],
  ["begin; commit and chain;", "COMMIT AND CHAIN", 1, 2],
])("%j is refused", async (sql, what, line, statement) => {
  await expect(unitsOf(sql)).rejects.toMatchObject({
    code: "UNSUPPORTED_STATEMENT",
    exitCode: 13,
    message: expect.stringContaining(what) as string,
    details: { location: { file: "/dir/0001_file.sql", line, statement } },
  });
});
