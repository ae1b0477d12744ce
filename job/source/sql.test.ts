import { join } from "node:path";
import { expect, test } from "vitest";
import { folderWith, failureOf } from "./folder-fixture.ts";
import { readDown } from "./read.ts";
import { readSource } from "./source.ts";

const read = (dir: string) => readSource({ dir, format: "auto" });

test("the forms can stand beside each other, each with its down file", async () => {
  await using folder = await folderWith({
    "1_a.sql": "",
    "1_a.down.sql": "\uFEFFdrop table a;",
    "2_b.up.sql": "",
    "2_b.down.sql": "drop table b;",
    "3_c/up.sql": "",
    "3_c/down.sql": "drop table c;",
    "4.d.sql": "",
    "no number.sql": "",
  });
  const { migrations, warnings } = await read(folder.dir);
  expect(migrations.map(({ name, file, downFile }) => [name, file, downFile])).toEqual(
    [
      ["1_a", "1_a.sql", "1_a.down.sql"],
      ["2_b", "2_b.up.sql", "2_b.down.sql"],
      ["3_c", "3_c/up.sql", "3_c/down.sql"],
      ["4.d", "4.d.sql", null],
      ["no number", "no number.sql", null],
    ].map(([name, up, down]) => [name, join(folder.dir, up ?? ""), down ? join(folder.dir, down) : null]),
  );
  expect(warnings).toEqual([]);
  const downs = await Promise.all(migrations.slice(0, 3).map(readDown));
  expect(downs.map(String)).toEqual(["drop table a;", "drop table b;", "drop table c;"]);
});

test("a down file is checked when it is listed, and again when it is read", async () => {
  await using folder = await folderWith({ "1.up.sql": "", "1.down.sql": "select 1;" });
  const { migrations } = await read(folder.dir);
  await folder.write({ "1.down.sql": "\n\0" });
  const expected = { message: expect.stringContaining("1.down.sql:2: holds a NUL byte") };
  expect(await failureOf(read(folder.dir))).toMatchObject(expected);
  for (const migration of migrations) expect(await failureOf(readDown(migration))).toMatchObject(expected);
});

test("what isn't a migration is left alone, and told", async () => {
  await using folder = await folderWith({ "1.sql": "", "seed.csv": "", "2/up.sql": "", "2/x.yaml": "", "lib/x": "" });
  const { migrations, warnings } = await read(folder.dir);
  expect(migrations.map(({ name }) => name)).toEqual(["1", "2"]);
  expect(warnings).toEqual([
    `${join(folder.dir, "seed.csv")} is not a migration and was left alone`,
    `${join(folder.dir, "2/x.yaml")} is not a migration and was left alone`,
    `${join(folder.dir, "lib")} holds no up.sql and was left alone`,
  ]);
});

test.each([
  ["1.sql", "1.up.sql"],
  ["1.sql", "1/up.sql"],
  ["1.up.sql", "1/up.sql"],
])("one name in two files, %s and %s, is refused, naming both", async (one, other) => {
  await using folder = await folderWith({ [one]: "", [other]: "" });
  const error = await failureOf(read(folder.dir));
  expect(error).toMatchObject({ message: expect.stringContaining("gives the migration 1 a second time") });
  expect(error).toMatchObject({ message: expect.stringContaining(join(folder.dir, one)) });
  expect(error).toMatchObject({ message: expect.stringContaining(join(folder.dir, other)) });
});

test.each([
  ["1.down.sql", "1.up.sql"],
  ["1/down.sql", "1/up.sql"],
])("%s without its up file is refused", async (down, up) => {
  await using folder = await folderWith({ [down]: "", "2.sql": "" });
  expect(await failureOf(read(folder.dir))).toMatchObject({
    message: `${join(folder.dir, down)}: undoes a migration that isn't there: ${join(folder.dir, up)} is missing`,
  });
});

test("a file that would be one but for its capitals is refused", async () => {
  await using folder = await folderWith({ "1.sql": "", "2.SQL": "" });
  expect(await failureOf(read(folder.dir))).toMatchObject({
    message: expect.stringContaining("2.SQL: doesn't end in .sql"),
  });
});
