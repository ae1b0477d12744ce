import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { VERSION } from "../../contract/version.ts";
import { CHECK_VARIABLES } from "../check/variables.ts";
import { VARIABLES } from "../environment.ts";
import { COMMANDS } from "./commands.ts";
import { FLAGS } from "./flags.ts";
import type { Flag } from "./flags.ts";
import { EXIT_CODES, flagForm, helpText } from "./help.ts";

test("the help names every command, variable and exit code", () => {
  const help = helpText(null);
  for (const { name, summary } of COMMANDS) {
    expect(help).toContain(name);
    expect(help.replaceAll(/\s+/g, " ")).toContain(summary);
  }
  for (const { name } of [...VARIABLES, ...CHECK_VARIABLES]) expect(help).toContain(name);
  expect(EXIT_CODES.map(([code]) => code)).toEqual(Object.values(EXIT));
});

test.each(COMMANDS.map(({ name }) => name))("the help of %s has its flags, no others, and an example", (name) => {
  const help = helpText(name);
  for (const flag of FLAGS as readonly Flag[]) {
    expect(help.split("\n").some((line) => line.startsWith(`  ${flagForm(flag)} `))).toBe(flag.commands.includes(name));
  }
  expect(help).toContain(`  lockkeeper ${name}`);
});

test("no line of the help is wider than 100 columns, besides examples", () => {
  const wide = [null, ...COMMANDS.map(({ name }) => name)]
    .flatMap((topic) => helpText(topic).split("\n"))
    .filter((line) => line.length > 100 && !line.startsWith("  lockkeeper "));
  expect(wide).toEqual([]);
});

test("the version is the package's", async () => {
  const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8")) as Named;
  expect(VERSION).toBe(version);
});

type Named = { version: string };
