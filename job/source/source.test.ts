import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, rm, symlink, truncate, unlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderWith, failureOf, journalOf } from "./folder-fixture.ts";
import type { Migration, SourceFormat } from "./migration.ts";
import { readMigration } from "./read.ts";
import { readSource } from "./source.ts";

type Layout = {
  form: string;
  format: SourceFormat;
  /** Two migrations, first and second; the contents can be exchanged for others. */
  names: [string, string];
  files: (first: string, second: string) => Record<string, string>;
  /** Where the first one's content is. */
  file: string;
};

const MODULE = "export const up = () => {};\n";
const LAYOUTS: Layout[] = [
  {
    form: "drizzle 0.x",
    format: "drizzle",
    names: ["0000_b", "0001_a"],
    files: (first, second) => ({
      "0001_a.sql": second,
      "0000_b.sql": first,
      "meta/_journal.json": journalOf(["0000_b", "0001_a"]),
    }),
    file: "0000_b.sql",
  },
  {
    form: "drizzle 1.0",
    format: "drizzle",
    names: ["20260131120000_b", "20260131120001_a"],
    files: (first, second) => ({
      "20260131120001_a/migration.sql": second,
      "20260131120000_b/migration.sql": first,
      "20260131120000_b/snapshot.json": "{}",
    }),
    file: "20260131120000_b/migration.sql",
  },
  {
    form: "NAME.sql",
    format: "sql",
    names: ["2_b", "10_a"],
    files: (first, second) => ({ "10_a.sql": second, "2_b.sql": first }),
    file: "2_b.sql",
  },
  {
    form: "NAME.up.sql",
    format: "sql",
    names: ["2_b", "10_a"],
    files: (first, second) => ({ "10_a.up.sql": second, "2_b.up.sql": first, "2_b.down.sql": "select 0;" }),
    file: "2_b.up.sql",
  },
  {
    form: "NAME/up.sql",
    format: "sql",
    names: ["2_b", "10_a"],
    files: (first, second) => ({ "10_a/up.sql": second, "2_b/up.sql": first, "2_b/down.sql": "select 0;" }),
    file: "2_b/up.sql",
  },
  ...[".js", ".mjs", ".ts"].map((extension): Layout => ({
    form: `NAME${extension}`,
    format: "module",
    names: ["2_b", "10_a"],
    files: (first, second) => ({
      [`10_a${extension}`]: `${MODULE}// ${second}`,
      [`2_b${extension}`]: `${MODULE}// ${first}`,
    }),
    file: `2_b${extension}`,
  })),
];

const first = (migrations: Migration[]): Migration => migrations[0] ?? expect.fail("there is no migration");
const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");

describe.each(LAYOUTS)("a folder of $form", ({ format, names, files, file }) => {
  const setUp = () => folderWith(files("select 1;\n", "select 2;\n"));
  const read = (dir: string) => readSource({ dir, format: "auto" });

  test("is detected, and its migrations are in order", async () => {
    await using folder = await setUp();
    const source = await read(folder.dir);
    expect(source).toMatchObject({ format, dir: folder.dir, warnings: [] });
    expect(source.migrations.map(({ name }) => name)).toEqual(names);
    expect(source.migrations[0]).toMatchObject({
      kind: format === "module" ? "module" : "sql",
      file: join(folder.dir, file),
    });
  });

  test("is the same when its format is named", async () => {
    await using folder = await setUp();
    expect(await readSource({ dir: folder.dir, format })).toEqual(await read(folder.dir));
  });

  test("has the sha256 and the size of the raw files, a byte order mark included", async () => {
    const content = "\uFEFF-- drei Äpfel\r\nselect 1;\r\n";
    await using folder = await setUp();
    await folder.write({ [file]: content });
    const { migrations } = await read(folder.dir);
    expect(migrations[0]).toMatchObject({ checksum: sha256(content), bytes: Buffer.byteLength(content) });
    expect((await readMigration(first(migrations))).toString()).toBe(content.slice(1));
  });

  test("has a digest that changes with every content, and with nothing else", async () => {
    await using folder = await setUp();
    await using twin = await setUp();
    const { digest } = await read(folder.dir);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await read(twin.dir)).digest).toBe(digest);
    await twin.write(files("select 1;\n", "select 3;\n"));
    expect((await read(twin.dir)).digest).not.toBe(digest);
    await twin.write(files("select 2;\n", "select 1;\n"));
    expect((await read(twin.dir)).digest).not.toBe(digest);
  });

  test.each([
    ["a NUL byte", Buffer.from("select 1;\n\nselect '\0';\n"), "holds a NUL byte", 3],
    ["invalid UTF-8", Buffer.from("select 1;\nselect '\xe4';\n", "latin1"), "is not valid UTF-8", 2],
    ["UTF-16", Buffer.from("\uFEFFselect 1;", "utf16le"), "is not valid UTF-8", 1],
    ["a character that is cut off", Buffer.from("select 1; -- \xe2\x82", "latin1"), "is not valid UTF-8", 1],
    [
      "invalid UTF-8 far down",
      Buffer.concat([Buffer.from("--äöü€💧\n".repeat(40_000)), Buffer.from([0xc3, 0x28])]),
      "is not valid UTF-8",
      40_001,
    ],
  ])("is refused for %s, naming the line", async (_, content, message, line) => {
    await using folder = await setUp();
    await folder.write({ [file]: content });
    const path = join(folder.dir, file);
    expect(await failureOf(read(folder.dir))).toMatchObject({
      code: "INVALID_SOURCE",
      exitCode: 13,
      message: expect.stringContaining(`${path}:${line}: ${message}`),
      details: { location: { file: path, line } },
    });
  });

  test("takes text of many chunks, whatever its characters' widths", async () => {
    await using folder = await setUp();
    for (const start of ["", "x", "xy", "xyz"]) {
      const content = `--${start}${"aä€💧".repeat(30_000)}\n`;
      await folder.write({ [file]: content });
      const { migrations } = await read(folder.dir);
      expect(migrations[0]).toMatchObject({ checksum: sha256(content), bytes: Buffer.byteLength(content) });
    }
  });

  test("is refused where a link in it leads nowhere", async () => {
    await using folder = await setUp();
    await unlink(join(folder.dir, file));
    await symlink("nowhere", join(folder.dir, file));
    expect(await failureOf(read(folder.dir))).toMatchObject({
      code: "INVALID_SOURCE",
      message: expect.stringMatching(/leads nowhere|doesn't exist/),
    });
  });

  test("is refused where a folder has a file's place", async () => {
    await using folder = await setUp();
    await unlink(join(folder.dir, file));
    await mkdir(join(folder.dir, file));
    const error = await failureOf(readSource({ dir: folder.dir, format }));
    expect(error).toMatchObject({ code: "INVALID_SOURCE", message: expect.stringContaining("is a folder") });
  });

  test("is refused where a file may not be read", async () => {
    await using folder = await setUp();
    await chmod(folder.dir, 0o755);
    await chmod(join(folder.dir, file), 0);
    const error = await failureOf(withoutRoot(() => read(folder.dir)));
    expect(error).toMatchObject({
      message: expect.stringContaining(`${join(folder.dir, file)}: can't be read: permission`),
    });
  });

  test("is refused for a file larger than PostgreSQL takes in a message", async () => {
    await using folder = await setUp();
    await truncate(join(folder.dir, file), 1_000_000_001);
    const error = await failureOf(read(folder.dir));
    expect(error).toMatchObject({ message: expect.stringContaining("has 1000000001 bytes") });
  });

  test("tells a file that changed while it ran", async () => {
    await using folder = await setUp();
    const { migrations } = await read(folder.dir);
    await folder.write({ [file]: "select 11;\n" });
    expect(await failureOf(readMigration(first(migrations)))).toMatchObject({
      code: "INVALID_SOURCE",
      message: expect.stringContaining("changed while Lockkeeper ran"),
    });
    await rm(join(folder.dir, file));
    expect(await failureOf(readMigration(first(migrations)))).toMatchObject({
      message: expect.stringContaining("doesn't exist"),
    });
  });

  test("ignores what every repository has beside its files", async () => {
    await using folder = await setUp();
    await folder.write({ "README.md": "", README: "", "NOTES.md": "", LICENSE: "", ".gitkeep": "", ".x.sql": "" });
    expect(await read(folder.dir)).toMatchObject({
      warnings: [],
      migrations: [{ name: names[0] }, { name: names[1] }],
    });
  });

  test("can be mounted from a ConfigMap, whose files are links into a hidden folder", async () => {
    await using data = await setUp();
    await using mount = await folderWith({});
    await symlink(data.dir, join(mount.dir, "..data"));
    for (const path of new Set(Object.keys(files("", "")).map((name) => name.split("/")[0] ?? ""))) {
      await symlink(join("..data", path), join(mount.dir, path));
    }
    expect((await read(mount.dir)).digest).toBe((await read(data.dir)).digest);
  });

  test("stops when its signal is aborted", async () => {
    await using folder = await setUp();
    const reason = new Error("SIGTERM");
    const signal = AbortSignal.abort(reason);
    expect(await failureOf(readSource({ dir: folder.dir, format: "auto", signal }))).toBe(reason);
  });
});

/** Runs as a user who is bound by a file's mode: root isn't. */
async function withoutRoot<Result>(run: () => Promise<Result>): Promise<Result> {
  if (process.geteuid?.() !== 0) return run();
  process.seteuid?.(65_534);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}

describe("a folder", () => {
  test("that is missing, is a file or holds nothing is refused, saying what was looked for", async () => {
    await using folder = await folderWith({ "seed.csv": "1", "inner/1.sql": "select 1;" });
    const read = (dir: string, format: SourceFormat | "auto") => failureOf(readSource({ dir, format }));
    expect(await read(join(folder.dir, "none"), "auto")).toMatchObject({
      message: `${join(folder.dir, "none")}: the folder doesn't exist`,
    });
    expect(await read(join(folder.dir, "seed.csv"), "auto")).toMatchObject({
      message: `${join(folder.dir, "seed.csv")}: is a file, not a folder`,
    });
    for (const format of ["auto", "drizzle", "sql", "module"] as const) {
      expect(await read(folder.dir, format)).toMatchObject({
        code: "INVALID_SOURCE",
        message: `${folder.dir}: the folder holds no migrations`,
        details: { hint: expect.stringMatching(/Looked for .*inner holds .sql files/) },
      });
    }
  });

  test("with a pipe in it is refused instead of waited for", async () => {
    await using folder = await folderWith({ "1.sql": "select 1;" });
    execFileSync("mkfifo", [join(folder.dir, "2.sql")]);
    expect(await failureOf(readSource({ dir: folder.dir, format: "auto" }))).toMatchObject({
      message: expect.stringContaining("is neither a file nor a folder"),
    });
    await unlink(join(folder.dir, "2.sql"));
    const { migrations } = await readSource({ dir: folder.dir, format: "auto" });
    await unlink(join(folder.dir, "1.sql"));
    execFileSync("mkfifo", [join(folder.dir, "1.sql")]);
    expect(await failureOf(readMigration(first(migrations)))).toMatchObject({
      message: expect.stringContaining("is not a regular file"),
    });
  });

  test.each([
    ["a newline", "1\nx.sql", String.raw`1\u{a}x.sql`],
    ["an escape sequence", "1\u001b[31mx.sql", String.raw`1\u{1b}[31mx.sql`],
    ["a reversed text", "1\u202ex.sql", String.raw`1\u{202e}x.sql`],
  ])("with %s in a file's name is refused, showing it escaped", async (_, name, shown) => {
    await using folder = await folderWith({ [name]: "select 1;" });
    const error = await failureOf(readSource({ dir: folder.dir, format: "auto" }));
    expect(error).toMatchObject({
      message: expect.stringContaining(shown),
      details: { location: { file: expect.stringContaining(shown) } },
    });
    expect(JSON.stringify(error)).not.toContain(JSON.stringify(name).slice(1, -1));
  });

  test("takes names of more than 63 characters", async () => {
    const name = `1_${"x".repeat(200)}`;
    await using folder = await folderWith({ [`${name}.sql`]: "" });
    expect((await readSource({ dir: folder.dir, format: "auto" })).migrations[0]?.name).toBe(name);
  });

  test("gives the same error each time, of the first file that is bad", async () => {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index}.sql`, "select 1;"]));
    await using folder = await folderWith({ ...files, "7.sql": "\0", "8.sql": "\0", "50.sql": "\0" });
    expect(await failureOf(readSource({ dir: folder.dir, format: "auto" }))).toMatchObject({
      message: expect.stringContaining(`${join(folder.dir, "7.sql")}:1:`),
    });
  });
});

describe("a format", () => {
  const both = { "1.sql": "select 1;", "2.ts": MODULE };
  const folders = { "20260131120000_a/migration.sql": "select 1;" };
  const journal = { "0_a.sql": "select 1;", "meta/_journal.json": journalOf(["0_a"]) };

  test.each<[string, Record<string, string>, string, string]>([
    ["SQL and modules", both, "2.ts", "1.sql"],
    ["drizzle 1.0 and plain SQL", { ...folders, "1.sql": "" }, "1.sql", "20260131120000_a/migration.sql"],
    ["drizzle 1.0 and NAME/up.sql", { ...folders, "1/up.sql": "" }, "1/up.sql", "20260131120000_a/migration.sql"],
    ["Prisma's", { ...folders, "migration_lock.toml": "" }, "migration_lock.toml", "20260131120000_a/migration.sql"],
    ["a journal and drizzle 1.0", { ...folders, ...journal }, "20260131120000_a/migration.sql", "meta/_journal.json"],
    [
      "snapshots without a journal",
      { "0_a.sql": "", "meta/0000_snapshot.json": "" },
      "meta/0000_snapshot.json",
      "meta/_journal.json",
    ],
  ])("isn't guessed where two fit: %s", async (_, files, one, other) => {
    await using folder = await folderWith(files);
    const error = await failureOf(readSource({ dir: folder.dir, format: "auto" }));
    expect(error).toMatchObject({ code: "INVALID_SOURCE", message: expect.stringContaining(join(folder.dir, one)) });
    expect(error).toMatchObject({ message: expect.stringContaining(join(folder.dir, other)) });
  });

  test("that is named decides, and what it leaves alone is told", async () => {
    await using folder = await folderWith(both);
    expect(await readSource({ dir: folder.dir, format: "sql" })).toMatchObject({
      migrations: [{ name: "1" }],
      warnings: [expect.stringContaining("2.ts")],
    });
    expect(await readSource({ dir: folder.dir, format: "module" })).toMatchObject({
      migrations: [{ name: "2" }],
      warnings: [expect.stringContaining("1.sql")],
    });
  });

  test("isn't plain SQL where drizzle's journal was lost, unless it is named", async () => {
    await using folder = await folderWith({ "0000_a.sql": "select 1;\n--> statement-breakpoint\nselect 2;\n" });
    expect(await failureOf(readSource({ dir: folder.dir, format: "auto" }))).toMatchObject({
      message: expect.stringContaining("has no drizzle journal"),
    });
    expect(await readSource({ dir: folder.dir, format: "sql" })).toMatchObject({ migrations: [{ name: "0000_a" }] });
  });
});
