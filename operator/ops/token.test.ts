import { mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { tokenFile } from "./token.ts";

const TOKEN = "canary-0123456789abcdef";

async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), "ops-token-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const clock = fakeClock();
  const lines: string[] = [];
  const say = (fields: object, text: string): void => void lines.push(`${text} ${JSON.stringify(fields)}`);
  const file = join(folder, "token");
  const token = tokenFile(file, { clock, log: { info: say, warn: say } });
  /** After the time in which it isn't looked at again. */
  const later = async (): Promise<string | null> => {
    clock.freeze(1_000);
    return await token();
  };
  return { file, folder, lines, token, later };
}

test("without a file there is none", async () => {
  const log = { info() {}, warn() {} };
  expect(await tokenFile(null, { clock: fakeClock(), log })()).toBeNull();
});

test("it is what the file has, and another one when that has another", async () => {
  const { file, lines, token, later } = await setUp();
  await writeFile(file, `${TOKEN}\n`);
  expect(await token()).toBe(TOKEN);
  await writeFile(file, `new-${TOKEN}`);
  expect(await token()).toBe(TOKEN);
  expect(await later()).toBe(`new-${TOKEN}`);
  expect(lines).toEqual([`ops token is read ${JSON.stringify({ file })}`]);
});

test("a Secret that is mounted is rotated by its link", async () => {
  const { file, folder, token, later } = await setUp();
  for (const [name, content] of [
    ["a", TOKEN],
    ["b", TOKEN.toUpperCase()],
  ] as const) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, "token"), content);
  }
  await symlink("a", join(folder, "..data"));
  await symlink("..data/token", file);
  expect(await token()).toBe(TOKEN);
  await symlink("b", join(folder, "..new"));
  await rename(join(folder, "..new"), join(folder, "..data"));
  expect(await later()).toBe(TOKEN.toUpperCase());
});

test.each([
  ["too short", "0123456789abcde", "it is shorter than 16 characters"],
  ["empty", "\n", "it is shorter than 16 characters"],
  ["with a space", "0123456789 abcdef", "it has spaces or other than ASCII characters in it"],
  ["that no header carries", "0123456789abcdefü", "it has spaces or other than ASCII characters in it"],
  ["too long", "x".repeat(5_000), "it is longer than 4096 bytes"],
])("one that is %s lets nobody in, which is said once", async (_, content, why) => {
  const { file, lines, token, later } = await setUp();
  await writeFile(file, content);
  expect(await token()).toBeNull();
  expect(await later()).toBeNull();
  expect(lines).toEqual([`ops token can't be used: nobody gets in ${JSON.stringify({ file, why })}`]);
  expect(lines.join()).not.toContain(content.trim().slice(0, 10) || "none");
});

test("a file that goes away takes the token with it, and brings it when it comes back", async () => {
  const { file, lines, later } = await setUp();
  expect(await later()).toBeNull();
  await writeFile(file, TOKEN);
  expect(await later()).toBe(TOKEN);
  await rm(file);
  expect(await later()).toBeNull();
  expect(await later()).toBeNull();
  expect(lines.map((line) => line.replace(/ \{.*"why":/, " {"))).toEqual([
    `ops token can't be used: nobody gets in {"it can't be read: ENOENT"}`,
    expect.stringContaining("ops token is read"),
    `ops token can't be used: nobody gets in {"it can't be read: ENOENT"}`,
  ]);
  expect(lines.join()).not.toContain(TOKEN);
});
