import { expect, test } from "vitest";
import type { Location } from "../failure.ts";
import type { ServerError } from "../postgres/sqlstate.ts";
import { blockLocation, completeLocation } from "./place.ts";
import type { SentBlock } from "./place.ts";
import type { Task } from "./task.ts";

function block(content: string, changes: Partial<SentBlock> = {}): SentBlock {
  const whole = Buffer.from(content);
  const [prologue, epilogue] = [Buffer.from("/* ü */ BEGIN;\n"), Buffer.from("\n;COMMIT;\n")];
  return { index: 0, content: whole, from: 0, prologue, body: whole, epilogue, firstStatement: 1, ...changes };
}

const task = { direction: "up", migration: { file: "/dir/0001.sql", downFile: "/dir/0001.down.sql" } } as Task;

/** An error at `needle` in the message that these blocks make, by the server's count of code points. */
function errorAt(blocks: SentBlock[], needle: string): ServerError {
  const parts = blocks.flatMap(({ prologue, body, epilogue }) => [prologue, body, epilogue]);
  const message = Buffer.concat(parts).toString();
  const position = String(Array.from(message.slice(0, message.indexOf(needle))).length + 1);
  return Object.assign(new Error("no"), { severity: "ERROR", code: "42703", position });
}

const state = (statements: number) => ({ started: true, committed: false, statements });
const noPosition = Object.assign(new Error("no"), { severity: "ERROR", code: "23505" });

test("a position is counted from the message's start, in code points, over the blocks before it", () => {
  const blocks = [block("select '🐘🐘';\n"), block("-- 🐘\nselect 1;\nselect nope;\n")];
  expect(blockLocation(blocks, 1, state(1), errorAt(blocks, "nope"), task)).toEqual({
    file: "/dir/0001.sql",
    line: 3,
    statement: 2,
  });
});

test("in the body of a wrapped file lines and statements are the file's own", () => {
  const text = "-- ö\nBEGIN;\nselect 1;\nselect nope;\nCOMMIT;";
  const from = Buffer.from(text).indexOf("select 1");
  const blocks = [block(text, { from, body: Buffer.from("select 1;\nselect nope;"), firstStatement: 2 })];
  expect(blockLocation(blocks, 0, state(1), errorAt(blocks, "nope"), task)).toMatchObject({ line: 4, statement: 3 });
});

test("an error in our own prologue has no line, and one before the start no statement", () => {
  const blocks = [block("select 1;")];
  expect(blockLocation(blocks, 0, undefined, errorAt(blocks, "BEGIN"), task)).toEqual({ file: "/dir/0001.sql" });
});

test("a down's error is in the down file", () => {
  const down = { ...task, direction: "down" } as Task;
  expect(blockLocation([block("x")], 0, state(0), noPosition, down).file).toBe("/dir/0001.down.sql");
});

test.each<[string, Location, Location]>([
  ["the line of its statement", { file: "f", statement: 2 }, { file: "f", statement: 2, line: 4 }],
  ["nothing where the line is known", { file: "f", statement: 2, line: 9 }, { file: "f", statement: 2, line: 9 }],
  ["nothing without a statement", { file: "f" }, { file: "f" }],
])("a place without a position gets %s", async (_, location, expected) => {
  await completeLocation(location, Buffer.from("select 1;\n\n-- two\nselect 2;"));
  expect(location).toEqual(expected);
});

test("a statement after the last one is our COMMIT: the place is the file", async () => {
  const location: Location = { file: "f", statement: 2 };
  await completeLocation(location, Buffer.from("select 1;"));
  expect(location).toEqual({ file: "f" });
});
