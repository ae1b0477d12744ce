import { expect, it } from "vitest";
import { byHandOf } from "./by-hand.ts";
import { said } from "./said.ts";

const parse = (line: string) => byHandOf(line.split(" ").filter((word) => word !== ""));

it.each([
  ["plan", { command: "plan", operand: null, given: [] }],
  ["plan --to 0007 --json", { command: "plan", operand: null, given: ["--to=0007", "--json"] }],
  ["down --to=0 --yes", { command: "down", operand: null, given: ["--to=0", "--yes"] }],
  ["unlock --yes", { command: "unlock", operand: null, given: ["--yes"] }],
  ["baseline 0007_add_sets", { command: "baseline", operand: "0007_add_sets", given: [] }],
])("%j is read", (line, expected) => {
  expect(parse(line)).toEqual(expected);
});

it.each([
  ["", "job lacks what is to be run"],
  ["migrate", "migrating is the operator's: it proves what is applied"],
  ["staus", 'the runner has no command "staus" here'],
  ["plan x", 'plan doesn\'t know what to do with the argument "x"'],
  ["plan --dir /etc", "--dir doesn't go with plan here"],
  ["status --database-url-file=/x", "--database-url-file doesn't go with status here"],
  ["down --yes", "down lacks --to"],
  ["down --to", "--to lacks its NAME"],
  ["down --to --yes", "--to lacks its NAME"],
  ["baseline", "baseline lacks its NAME"],
  ["baseline a b", 'baseline doesn\'t know what to do with the argument "b"'],
  ["unlock --yes=1", "--yes takes no value"],
])("%j is refused: %s", (line, message) => {
  expect(() => parse(line)).toThrow(message);
});

it.each([
  ["-- 1 of 2: 0001_a", "-- 1 of 2: 0001_a"],
  ['{"a":1}', '{"a":1}'],
  ["{ not JSON", "{ not JSON"],
  [
    '{"event":"reverted","migration":"0012_b","index":1,"total":2,"msg":"migration undone"}',
    "migration undone: 1 of 2; 0012_b",
  ],
  [
    '{"event":"failed","error":{"code":"INVALID_INPUT","message":"no such"},"hint":"do","msg":"run failed"}',
    "run failed: INVALID_INPUT no such; do",
  ],
])("the runner's line %s is told as %s", (line, expected) => {
  expect(said(line)).toBe(expected);
});
