import { expect, test } from "vitest";
import { LOCK_KEY } from "../../contract/lock.ts";
import { EPILOGUE, prologue, SEAM } from "./block.ts";
import type { Prologue } from "./block.ts";
import { parseStatements } from "./parse.ts";

const PROLOGUE: Prologue = {
  nonce: "abc123",
  index: 3,
  pid: 42,
  lockTimeoutMs: 5_000,
  statementTimeoutMs: 0,
  reset: "RESET ROLE; RESET ALL",
  claim: "INSERT INTO history VALUES ('x');",
};

const typesOf = async (sql: string): Promise<string[] | null> =>
  (await parseStatements(Buffer.from(sql)))?.map(({ type }) => type) ?? null;

test("the session is cleaned in a transaction of its own, before the one that takes the lock and writes the row", async () => {
  const text = prologue(PROLOGUE);
  expect(await typesOf(text)).toEqual([
    "TransactionStmt",
    "VariableSetStmt",
    "VariableSetStmt",
    "TransactionStmt",
    "TransactionStmt",
    "VariableSetStmt",
    "VariableSetStmt",
    "DoStmt",
  ]);
  const order = ["RESET ALL", "ISOLATION LEVEL READ COMMITTED", "SET LOCAL lock_timeout=5000", LOCK_KEY, "INSERT INTO"];
  const places = order.map((part) => text.indexOf(part));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places).not.toContain(-1);
  expect(text).toContain("<>) 42 ");
  expect(text.indexOf("RAISE INFO 'lockkeeper abc123 3'")).toBeGreaterThan(text.indexOf("INSERT INTO"));
});

test("a file in statement mode keeps its session's settings", async () => {
  expect(await typesOf(prologue({ ...PROLOGUE, reset: null }))).toEqual([
    "TransactionStmt",
    "VariableSetStmt",
    "VariableSetStmt",
    "DoStmt",
  ]);
});

test.each(["select 1", "select 1;", "select 1 -- a comment", "", "-- only a comment", "select 1 /* a */"])(
  "the epilogue ends %j, and the seam adds nothing to it",
  async (sql) => {
    const plain = await typesOf(`BEGIN;${sql}${EPILOGUE}`);
    expect(plain?.at(-1)).toBe("TransactionStmt");
    expect(await typesOf(`BEGIN;${sql}${SEAM}${EPILOGUE}`)).toEqual(plain);
  },
);

test.each([
  ["select 'open", "' closed"],
  ["select $$ open", "$$ closed"],
  ['select 1 as "open', '" closed'],
  ["select 1 /* open", "*/ + 1"],
  ["select f('open", "')"],
])("the seam keeps %s and %s from being one statement", async (first, second) => {
  const [a, b] = [`${first}${EPILOGUE}`, `${prologue(PROLOGUE)}${second}${EPILOGUE}`];
  expect(await typesOf(`${first}${SEAM}${EPILOGUE}${b}`)).toBeNull();
  expect(await typesOf(a)).toBeNull();
});
