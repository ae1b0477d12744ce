import { expect, test } from "vitest";
import { HEAD_BYTES } from "../source/directive.ts";
import { folderWith } from "../source/folder-fixture.ts";
import { readSource } from "../source/source.ts";
import { modeOf as decide, sqlMode } from "./mode.ts";

const FILE = "/dir/0001_file.sql";

/** The mode in a few words: `batch`, `alone`, `body FROM..TO`, `statements N`, with `strict` and the lock timeout. */
async function modeOf(sql: string): Promise<string> {
  const mode = await sqlMode(FILE, Buffer.from(sql));
  if (mode.kind === "module") return "module";
  const timeout = mode.lockTimeoutMs === null ? "" : ` ${mode.lockTimeoutMs}`;
  if (mode.kind === "statements") return `statements ${mode.units.length}${timeout}`;
  const how = mode.body === null ? (mode.alone ? "alone" : "batch") : `body of statement ${mode.body.statement}`;
  return `${how}${mode.strict ? " strict" : ""}${timeout}`;
}

test.each([
  ["create table a ();", "batch"],
  ["", "batch"],
  ["do $$ begin null; end $$;", "alone"],
  ["copy (select 1) to stdout;", "alone"],
  ["begin; select 1; commit;", "body of statement 2"],
  ["select 1; commit;", "body of statement 1"],
  ["begin; select 1; commit; select 2;", "statements 2"],
  ["set search_path = a; begin; select 1; commit;", "statements 2"],
  ["vacuum;", "statements 1"],
  ["select 1; create index concurrently i on a (b);", "statements 2"],
  ["savepoint s; do $$ begin null; end $$; release s;", "alone"],
  ["-- lockkeeper: no-transaction\nselect 1; select 2;", "statements 2"],
  ["-- lockkeeper: no-transaction\nbegin; select 1; commit;", "statements 1"],
  ["-- lockkeeper: no-transaction lock-timeout=3s\nvacuum;", "statements 1 3000"],
  ["-- lockkeeper: lock-timeout=0\nselect 1;", "alone 0"],
  ["-- lockkeeper: transaction\nselect 1;", "batch strict"],
  ["-- lockkeeper: transaction\nvacuum;", "alone strict"],
  ["-- lockkeeper: transaction\nbegin; select 1; commit;", "body of statement 2 strict"],
  ["selec 1; vacuum;", "alone"],
])("%j is run: %s", async (sql, mode) => expect(await modeOf(sql)).toBe(mode));

test.each<[string, string, number]>([
  ["select 1;\ncreate index concurrently on a (b);", "without a name", 2],
  ["select 1;\ncopy a from stdin;", "COPY ... FROM stdin", 2],
  ["-- x\n\ncopy a from stdin;\n1\n\\.\n", "COPY ... FROM stdin", 3],
  ["-- lockkeeper: transaction\nselect 1;\ncommit; select 2;", "under the directive transaction", 3],
  ["-- lockkeeper: no-transaction\nselect 1;\nselec 2;", 'syntax error at or near "selec"', 3],
  ["select 1;\nselec 2;\ncommit;", 'syntax error at or near "selec"', 2],
])("%j is refused with its line", async (sql, message, line) => {
  await expect(sqlMode(FILE, Buffer.from(sql))).rejects.toMatchObject({
    code: "UNSUPPORTED_STATEMENT",
    exitCode: 13,
    message: expect.stringContaining(message) as string,
    details: { location: { file: FILE, line } },
  });
});

test("a file that was found plain while listing has the mode that reading it gives; one that may not be is read", async () => {
  await using folder = await folderWith({
    "1_plain.sql": "\uFEFF-- users\r\ncreate table users (id int);",
    "2_empty.sql": "",
    "3_directive.sql": "-- lockkeeper: lock-timeout=1s\nselect 1;",
    "4_strict.sql": "-- lockkeeper: transaction\nselect 1;",
    "5_control.sql": "select 1; commit; select 2;",
    "6_long.sql": `select 1; ${" ".repeat(HEAD_BYTES)}`,
    "7_long_control.sql": `select 1; ${" ".repeat(HEAD_BYTES)} commit;`,
  });
  const { migrations } = await readSource({ dir: folder.dir, format: "auto" });
  expect(migrations.filter(({ plain }) => plain).map(({ name }) => name)).toEqual(["1_plain", "2_empty"]);
  for (const migration of migrations) {
    expect(await decide(migration)).toEqual(await decide({ ...migration, plain: false }));
  }
});
