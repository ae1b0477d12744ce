import { expect, test } from "vitest";
import { parseArguments } from "./parse.ts";

const read = (line: string) => parseArguments(line === "" ? [] : line.split(" "));

test("flags have their values by a space or an equals sign, switches have none", () => {
  const { arguments: args, failure } = read("migrate --dir drizzle --lock-timeout=2s --allow-drift --json");
  expect(failure).toBeNull();
  expect(args.command).toBe("migrate");
  expect(args.values).toEqual({ dir: "drizzle", "lock-timeout": "2s" });
  expect([...args.switches]).toEqual(["allow-drift", "json"]);
});

test("baseline's operand is the migration's name", () => {
  expect(read("baseline 0007_add_sets --dir drizzle")).toMatchObject({
    arguments: { command: "baseline", operand: "0007_add_sets" },
    failure: null,
  });
});

test.each([
  ["--help", "help", null],
  ["help", "help", null],
  ["help plan", "help", "plan"],
  ["plan --help", "help", "plan"],
  ["--version", "version", null],
  ["migrate --version", "version", null],
])("%s is %s of %s", (line, command, topic) => {
  expect(read(line)).toMatchObject({ arguments: { command, topic }, failure: null });
});

test.each([
  ["", "no command is given", "--help"],
  ["migrat", 'there is no command "migrat"', "Did you mean lockkeeper migrate?"],
  ["frobnicate", 'there is no command "frobnicate"', "--help lists"],
  ["help migrat", 'there is no command "migrat"', "Did you mean lockkeeper migrate?"],
  ["migrate --lock-timout 5s", "there is no flag --lock-timout", "Did you mean --lock-timeout?"],
  ["migrate --frobnicate", "there is no flag --frobnicate", "--help lists"],
  ["migrate -d x", "there is no flag -d", "Did you mean --dir?"],
  ["migrate --dir", "--dir lacks its value", "--dir DIR"],
  ["migrate --dir --json", "--dir lacks its value", "--dir DIR"],
  ["migrate --dir=", "--dir lacks its value", "--dir DIR"],
  ["migrate --json=yes", "--json takes no value", "--json alone"],
  ["migrate --dir a --dir b", "--dir is given twice", "once"],
  ["status --json --json", "--json is given twice", "once"],
  ["status --yes", "--yes doesn't go with status", "down, unlock"],
  ["migrate drizzle", 'migrate doesn\'t know what to do with the argument "drizzle"', "migrate --help"],
  ["baseline", "baseline lacks its NAME", "baseline NAME"],
  ["baseline a b", 'baseline doesn\'t know what to do with the argument "b"', "baseline --help"],
])("%j is refused with what to do", (line, message, hint) => {
  const { failure } = read(line);
  expect(failure).toMatchObject({ exitCode: 13, code: "INVALID_INPUT", message });
  expect(failure?.details.hint).toContain(hint);
});

test.each([
  "migrate --database-url postgres://app:canary@db/shop",
  "migrate --database-url=postgres://app:canary@db/shop",
  "migrate postgres://app:canary@db/shop",
  "postgresql://app:canary@db/shop",
  "baseline a postgres://app:canary@db/shop",
])("a credential in the arguments is refused, explained, and not repeated: %s", (line) => {
  const { failure } = read(line);
  expect(failure?.message).toContain("can read a process's arguments");
  expect(failure?.details.hint).toContain("DATABASE_URL_FILE");
  expect(`${failure?.message} ${failure?.details.hint}`).not.toContain("canary");
});

test("what else was read is there although a flag is wrong: a report can be written", () => {
  const { arguments: args, failure } = read("migrate --frobnicate=1 --report /tmp/report --report-tag t");
  expect(failure).not.toBeNull();
  expect(args).toMatchObject({ command: "migrate", values: { report: "/tmp/report", "report-tag": "t" } });
});

test("a value of an unknown flag isn't repeated: it may be a credential", () => {
  const { failure } = read("migrate --password=canary");
  expect(failure?.message).toBe("there is no flag --password");
});
