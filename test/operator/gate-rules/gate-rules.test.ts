import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { run } from "../../cluster/run.ts";
import { RULES } from "./rules.ts";

const PROGRAM = fileURLToPath(new URL("program.ts", import.meta.url));
/** One with which each rule is missed: another might need more rollouts for some of them. */
const SEED = 1;

type Line = { rule: string | null; broken: string | null };

test("whichever of the gate's rules is taken away, something breaks", async () => {
  const lines = (await run(process.execPath, [PROGRAM, String(SEED)])).trim().split("\n");
  const [whole, ...without] = lines.map((line) => JSON.parse(line) as Line);
  expect(whole).toEqual({ rule: null, broken: null });
  expect(without.map(({ rule }) => rule)).toEqual(RULES.map(({ rule }) => rule));
  expect(without.filter(({ broken }) => broken === null).map(({ rule }) => rule)).toEqual([]);
}, 1_800_000);
