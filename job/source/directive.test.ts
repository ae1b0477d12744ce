import { expect, test } from "vitest";
import { HEAD_BYTES, readDirectives } from "./directive.ts";
import { folderWith, failureOf } from "./folder-fixture.ts";
import { readSource } from "./source.ts";

const none = { mode: null, lockTimeoutMs: null };
const read = (text: string) => readDirectives(Buffer.from(text), "1.sql");

test.each<[string, string, object]>([
  ["no comment", "select 1;", none],
  ["an empty file", "", none],
  ["other comments", "-- adds lockkeeper: no\n/* lockkeeper: no-transaction */\nselect 1;", none],
  ["no-transaction", "-- lockkeeper: no-transaction\nvacuum;", { mode: "no-transaction", lockTimeoutMs: null }],
  ["transaction", "--lockkeeper:transaction\nselect 1;", { mode: "transaction", lockTimeoutMs: null }],
  [
    "an option after it",
    "-- lockkeeper: no-transaction lock-timeout=30s\n",
    { mode: "no-transaction", lockTimeoutMs: 30_000 },
  ],
  ["an option alone, without limit", "-- lockkeeper: lock-timeout=0", { mode: null, lockTimeoutMs: 0 }],
  [
    "two lines, after a licence, a byte order mark and CRLF",
    "\uFEFF/* Acme /* nested */ 2026\r\n */\r\n\r\n-- made by hand\r\n-- lockkeeper: transaction\r\n-- lockkeeper: lock-timeout=1m30s\r\nselect 1;",
    { mode: "transaction", lockTimeoutMs: 90_000 },
  ],
  ["none after the first statement", "select 1;\n-- lockkeeper: no-transaction\n", none],
  ["none inside a comment that doesn't end", "/* \n-- lockkeeper: no-transaction\n", none],
])("finds %s", (_, text, expected) => {
  expect(read(text)).toEqual(expected);
});

test("a directive that the head's end cuts in two is not half read", () => {
  const directive = "-- lockkeeper: lock-timeout=30s\n";
  const fill = `${"-".repeat(HEAD_BYTES - directive.length + 1)}\n`;
  expect(read(`${fill}${directive}select 1;`)).toEqual(none);
  expect(read(`${fill.slice(2)}${directive}select 1;`)).toEqual({ mode: null, lockTimeoutMs: 30_000 });
});

test.each([
  ["an unknown word", "\n-- lockkeeper: no-transactions", '"no-transactions" is not a directive', 2],
  ["an unknown option", "-- lockkeeper: timeout=5s", '"timeout=5s" is not a directive', 1],
  ["nothing", "-- lockkeeper:", '"" is not a directive', 1],
  ["no duration", "/*\n*/\n-- lockkeeper: lock-timeout=5", '"5" is not a duration', 3],
  ["no value", "-- lockkeeper: lock-timeout", '"" is not a duration', 1],
  ["more than a setting holds", "-- lockkeeper: lock-timeout=25d", '"25d" is not a duration', 1],
  ["both modes", "-- lockkeeper: transaction\r\n-- lockkeeper: no-transaction", "already said", 2],
  ["an option twice", "-- lockkeeper: lock-timeout=1s lock-timeout=2s", "is there twice", 1],
  ["goose's comments", "-- +goose Up\nselect 1;\n-- +goose Down\n", "is written for goose", 1],
  ["dbmate's comments", "-- migrate:up\nselect 1;\n-- migrate:down\n", "is written for dbmate", 1],
])("a file with %s is refused when the folder is listed, naming the line", async (_, text, message, line) => {
  for (const name of ["1.sql", "1.down.sql"]) {
    await using folder = await folderWith({ "1.sql": "", [name]: text });
    expect(await failureOf(readSource({ dir: folder.dir, format: "auto" }))).toMatchObject({
      code: "INVALID_SOURCE",
      message: expect.stringContaining(message),
      details: { location: { file: `${folder.dir}/${name}`, line } },
    });
  }
});
