import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, failureOf, journalOf } from "./folder-fixture.ts";
import { readSource } from "./source.ts";

const read = (dir: string) => readSource({ dir, format: "auto" });
const broken = async (files: Record<string, string>) => {
  await using folder = await folderWith({ "0000_a.sql": "select 1;", "0001_b.sql": "select 2;", ...files });
  return { error: await failureOf(read(folder.dir)), journal: join(folder.dir, "meta/_journal.json"), dir: folder.dir };
};
const withEntry = (change: object): string => {
  const journal = JSON.parse(journalOf(["0000_a", "0001_b"])) as { entries: object[] };
  Object.assign(journal.entries[1] ?? {}, change);
  return JSON.stringify(journal, null, 2);
};

describe("a folder of drizzle 0.x", () => {
  test("made by drizzle-kit is read whole, as drizzle's own migrator hashes it", async () => {
    const dir = join(import.meta.dirname, "../../examples/workoutlog/releases/1/drizzle");
    const { format, migrations, warnings } = await read(dir);
    const journal = JSON.parse(await readFile(join(dir, "meta/_journal.json"), "utf8")) as {
      entries: { tag: string; when: number }[];
    };
    expect({ format, warnings, last: migrations.at(-1)?.name, count: migrations.length }).toEqual({
      format: "drizzle",
      warnings: [],
      last: "0010_solid_watchtower",
      count: 11,
    });
    for (const [index, { tag, when }] of journal.entries.entries()) {
      const text = await readFile(join(dir, `${tag}.sql`), "utf8");
      const checksum = createHash("sha256").update(text).digest("hex");
      expect(migrations[index]).toMatchObject({ name: tag, when, checksum, downFile: null });
    }
  });

  test("keeps the journal's order, whatever the names, the gaps and the times", async () => {
    const entries = [
      { idx: 3, version: "5", when: 300, tag: "0003_c" },
      { idx: 7, version: "7", when: 100, tag: "0001_a", breakpoints: false },
    ];
    await using folder = await folderWith({
      "0003_c.sql": "",
      "0001_a.sql": "",
      "meta/_journal.json": `\uFEFF${JSON.stringify({ version: "5", dialect: "pg", entries, extra: 1 })}`,
    });
    const { migrations } = await read(folder.dir);
    expect(migrations.map(({ name, when }) => [name, when])).toEqual([
      ["0003_c", 300],
      ["0001_a", 100],
    ]);
  });

  test("warns of files that no entry names, and of nothing else beside them", async () => {
    await using folder = await folderWith({
      "0000_a.sql": "",
      "0009_orphan.sql": "\0",
      "hand/up.sql": "",
      "schema.ts": "",
      "relations.ts": "",
      "seed.csv": "",
      "meta/_journal.json": journalOf(["0000_a"]),
      "meta/0000_snapshot.json": "{}",
    });
    expect((await read(folder.dir)).warnings).toEqual([
      `${join(folder.dir, "0009_orphan.sql")} is in no entry of the journal and is never applied`,
      `${join(folder.dir, "hand/up.sql")} is in no entry of the journal and is never applied`,
    ]);
  });

  test.each<[string, string, number, string]>([
    ["is cut off", journalOf(["0000_a"]).slice(0, -3), 12, "broken JSON at column 3: "],
    ["has a comma too many", '{\n"version": "7",\n}', 3, "broken JSON at column 1: a string expected"],
    ["is another database's", journalOf([], { dialect: "mysql" }), 3, "for mysql, not for PostgreSQL"],
    ["has no entries", '{\n"version": "7",\n"dialect": "pg"}', 1, "entries: "],
    ["isn't an object", "\n[]", 2, "the journal: "],
    ["has a time that is text", withEntry({ when: "1" }), 15, "entries.1.when: "],
    ["lacks a tag", withEntry({ tag: undefined }), 12, "entries.1.tag: "],
    ["has a tag twice", withEntry({ tag: "0000_a" }), 16, "the tag 0000_a is there twice, first on line 9"],
    [
      "has a time twice",
      withEntry({ when: 1_700_000_000_000 }),
      15,
      "the when 1700000000000 is there twice, first on line 8",
    ],
    ["has an idx twice", withEntry({ idx: 0 }), 13, "the idx 0 is there twice, first on line 6"],
    ["names a file that is missing", withEntry({ tag: "0002_c" }), 12, "0002_c.sql is missing"],
    ["names a file elsewhere", withEntry({ tag: "../0000_a" }), 12, "is missing"],
    ["has an escape sequence in a tag", withEntry({ tag: "\u001b[2J" }), 12, String.raw`"\u{1b}[2J"`],
  ])("is refused when the journal %s, naming its line", async (_, text, line, message) => {
    const { error, journal } = await broken({ "meta/_journal.json": text });
    expect(error).toMatchObject({
      code: "INVALID_SOURCE",
      message: expect.stringContaining(`${journal}:${line}: `),
      details: { location: { file: journal, line } },
    });
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    expect(error).toMatchObject({ message: expect.not.stringContaining("\u001b") });
  });

  test("is refused with a hint when the journal holds a merge conflict", async () => {
    const text = journalOf(["0000_a"]).replace('  "entries"', '<<<<<<< HEAD\n  "entries"');
    const { error } = await broken({ "meta/_journal.json": text });
    expect(error).toMatchObject({
      details: { location: { line: 4 }, hint: expect.stringContaining("merge conflict") },
    });
  });

  test("is refused when the journal lists nothing", async () => {
    const { error, dir } = await broken({ "meta/_journal.json": journalOf([]) });
    expect(error).toMatchObject({ message: `${dir}: the folder holds no migrations` });
  });

  test("finds its lines quickly in a journal of thousands", async () => {
    const tags = Array.from({ length: 5_000 }, (_, index) => `${index}_x`);
    const { error, journal } = await broken({ "meta/_journal.json": journalOf([...tags, "4999_x"]) });
    expect(error).toMatchObject({ message: expect.stringContaining(`${journal}:${5 + 5_000 * 7 + 4}: `) });
  });
});

describe("a folder of drizzle 1.0", () => {
  test("goes by drizzle's order, and has its times", async () => {
    await using folder = await folderWith({
      "20260131120000_b/migration.sql": "",
      "20260131120000_B2/migration.sql": "",
      "20260131120000_a/migration.sql": "",
      "20251231235959_z/migration.sql": "",
      "schema.ts": "",
    });
    const { migrations, warnings } = await read(folder.dir);
    expect(migrations.map(({ name, when }) => [name, when])).toEqual([
      ["20251231235959_z", Date.UTC(2025, 11, 31, 23, 59, 59)],
      ["20260131120000_a", Date.UTC(2026, 0, 31, 12, 0, 0)],
      ["20260131120000_b", Date.UTC(2026, 0, 31, 12, 0, 0)],
      ["20260131120000_B2", Date.UTC(2026, 0, 31, 12, 0, 0)],
    ]);
    expect(warnings).toEqual([]);
  });

  test("warns of a folder without its migration.sql and of files outside of folders", async () => {
    await using folder = await folderWith({
      "20260131120000_a/migration.sql": "",
      "20260131120001_b/snapshot.json": "{}",
      "seed.sql": "",
    });
    expect((await readSource({ dir: folder.dir, format: "drizzle" })).warnings).toEqual([
      `${join(folder.dir, "20260131120001_b")} holds no migration.sql and was left alone`,
      `${join(folder.dir, "seed.sql")} is not in a folder of its own and was left alone`,
    ]);
  });

  test("is refused where a folder's name has no timestamp", async () => {
    await using folder = await folderWith({ "0001_a/migration.sql": "" });
    expect(await failureOf(read(folder.dir))).toMatchObject({
      message: expect.stringContaining("0001_a/migration.sql: its folder's name doesn't begin with a timestamp"),
    });
  });
});
