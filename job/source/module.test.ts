import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { folderWith, failureOf } from "./folder-fixture.ts";
import type { Migration } from "./migration.ts";
import { readSource } from "./source.ts";

const UP = "export const up = () => {};\n";

describe("a folder of modules", () => {
  test("leaves types, tests and settings alone", async () => {
    await using folder = await folderWith({
      "1_a.ts": UP,
      "2_b.mjs": UP,
      "3_c.js": UP,
      "1_a.d.ts": "",
      "1_a.test.ts": "",
      "2_b.spec.js": "",
      "3_c.js.map": "",
      "package.json": "{}",
      "data/seed.json": "",
      "notes.txt": "",
    });
    const { migrations, warnings } = await readSource({ dir: folder.dir, format: "auto" });
    expect(migrations.map(({ name, kind }) => [name, kind])).toEqual([
      ["1_a", "module"],
      ["2_b", "module"],
      ["3_c", "module"],
    ]);
    expect(migrations.every(({ file, downFile }) => file === downFile)).toBe(true);
    expect(warnings).toEqual([`${join(folder.dir, "notes.txt")} is not a migration and was left alone`]);
  });

  test("with a module and what was compiled from it is refused, naming both", async () => {
    await using folder = await folderWith({ "1.js": UP, "1.ts": UP });
    expect(await failureOf(readSource({ dir: folder.dir, format: "auto" }))).toMatchObject({
      message: `${join(folder.dir, "1.ts")}: gives the migration 1 a second time: ${join(folder.dir, "1.js")} is it too`,
    });
  });

  test.each(["2.cjs", "2.mts", "2.tsx"])("with %s is refused", async (name) => {
    await using folder = await folderWith({ "1.ts": UP, [name]: UP });
    expect(await failureOf(readSource({ dir: folder.dir, format: "auto" }))).toMatchObject({
      message: `${join(folder.dir, name)}: is a kind of script that Lockkeeper doesn't run`,
    });
  });
});

describe("a module", () => {
  test.each([
    ["1.js", "export const up = async () => 'up';\nexport const down = () => 'down';\n"],
    ["1.mjs", "export async function up() { return 'up'; }\nexport function down() { return 'down'; }\n"],
    ["1.ts", "type T = string;\nexport const up = async (): Promise<T> => 'up';\nexport const down = () => 'down';\n"],
    ["1.js", "exports.up = async () => 'up';\nexports.down = () => 'down';\n"],
    ["1.js", "const steps = { up: async () => 'up', down: () => 'down' };\nmodule.exports = steps;\n"],
  ])("%s is loaded by Node with its up and down", async (name, text) => {
    await using folder = await folderWith({ [name]: text });
    expect(await load(folder.dir)).toEqual({ up: "up", down: "down" });
  });

  test("without a down has none", async () => {
    await using folder = await folderWith({ "1.ts": "export const up = () => 'up';" });
    expect(await load(folder.dir)).toEqual({ up: "up" });
  });

  test.each([
    ["a syntax error", "1.mjs", "export const up = 1;\nexport const = 2;\n", "can't be loaded: ", 2],
    ["a syntax error in TypeScript", "1.ts", "export const up = 1;\n\nexport const = 2;\n", "can't be loaded: ", 3],
    ["TypeScript that isn't erasable", "1.ts", "\nenum A { B }\n", "can't be loaded: ", 2],
    ["an error at its top level", "1.mjs", "\n\nthrow new Error('no');\n", "can't be loaded: no", 3],
    ["an import that is missing", "1.mjs", "import './none.js';\n", "can't be loaded: Cannot find module", undefined],
    ["no up", "1.ts", "export const down = () => {};", "exports no function up", undefined],
    ["an up that is no function", "1.ts", "export const up = 'select 1';", "exports no function up", undefined],
    [
      "a down that is no function",
      "1.ts",
      `${UP}export const down = 1;`,
      "exports down, but it isn't a function",
      undefined,
    ],
  ])("with %s is refused, naming its file and line", async (_, name, text, message, line) => {
    await using folder = await folderWith({ [name]: text });
    const { error } = await load(folder.dir);
    const file = join(folder.dir, name);
    expect(error?.message).toContain(`${file}${line === undefined ? "" : `:${line}`}: ${message}`);
    expect(error?.message).not.toContain("\n");
    expect(error?.location).toEqual(line === undefined ? { file } : { file, line });
  });

  test("that changed since it was listed isn't run", async () => {
    await using folder = await folderWith({ "1.ts": UP });
    const { migrations } = await readSource({ dir: folder.dir, format: "auto" });
    writeFileSync(join(folder.dir, "1.ts"), `${UP}// changed`);
    expect((await load(folder.dir, migrations[0])).error?.message).toContain("changed while Lockkeeper ran");
  });
});

type Loaded = { up?: string; down?: string; error?: { message: string; location: object } };

/** In a Node of its own: within vitest, vitest would do the importing. */
async function load(dir: string, listed?: Migration): Promise<Loaded> {
  const migration = listed ?? (await readSource({ dir, format: "auto" })).migrations[0];
  const script = `
    const { loadModule } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, "load-module.ts")).href)});
    const result = await loadModule(${JSON.stringify(migration)}).then(
      async ({ up, down }) => ({ up: await up({}), down: await down?.({}) }),
      (error) => ({ error: { message: error.message, location: error.details?.location } }),
    );
    console.log(JSON.stringify(result));`;
  const out = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    stdio: "pipe",
  });
  return JSON.parse(out) as Loaded;
}
