import { parseArgs } from "node:util";
import { nearest } from "../../contract/nearest.ts";
import { COMMANDS } from "./commands.ts";
import type { Command, CommandName } from "./commands.ts";
import { invalid } from "./failure.ts";
import type { CliFailure } from "./failure.ts";
import { FLAGS } from "./flags.ts";
import type { Flag, FlagName } from "./flags.ts";

export type Arguments = {
  command: CommandName;
  operands: string[];
  values: Partial<Record<FlagName, string>>;
  switches: ReadonlySet<FlagName>;
  /** What comes after `--`. */
  rest: string[];
};

/** What the command line asks for. */
export type Asked = { kind: "help"; topic: CommandName | null } | { kind: "version" } | ({ kind: "run" } & Arguments);

type Token = NonNullable<ReturnType<typeof parseArgs>["tokens"]>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

const flags: readonly Flag[] = FLAGS;
const commands: readonly Command[] = COMMANDS;
const names = commands.map(({ name }) => name);
const common = { help: { type: "boolean", short: "h" }, version: { type: "boolean" } } as const;
const options = {
  ...Object.fromEntries(
    flags.map(({ name, short, value }) => [
      name,
      { type: value === "" ? ("boolean" as const) : ("string" as const), ...(short === "" ? {} : { short }) },
    ]),
  ),
  ...common,
};

const HELP = "kubectl lockkeeper --help lists the commands and flags.";

/** Reads the command line. Strict: what it doesn't know is a CliFailure, with what was probably meant. */
export function parseArguments(argv: readonly string[]): Asked {
  const cut = argv.indexOf("--");
  const own = cut < 0 ? argv : argv.slice(0, cut);
  const rest = cut < 0 ? [] : argv.slice(cut + 1);
  const { tokens } = parseArgs({ args: [...own], options, strict: false, allowPositionals: true, tokens: true });
  const positionals = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const given = tokens.filter((token) => token.kind === "option");
  const says = (name: string): boolean => given.some((token) => token.name === name);
  if (says("version")) return { kind: "version" };
  const [word, ...operands] = positionals;
  if (says("help") || word === "help") return { kind: "help", topic: topicOf(word === "help" ? operands[0] : word) };
  if (word === undefined) throw invalid("no command is given", HELP);
  const command = commandOf(word);
  const values: Partial<Record<string, string>> = {};
  const switches = new Set<FlagName>();
  for (const token of given) {
    const flag = checked(token, command.name, token.name in values || switches.has(token.name as FlagName));
    if (flag.value === "") switches.add(flag.name as FlagName);
    else values[flag.name] = token.value ?? "";
  }
  checkOperands(command, operands);
  if (rest.length > 0 && !command.operands.includes("--")) {
    throw invalid(`${command.name} takes nothing after --`, `kubectl lockkeeper ${command.name} --help`);
  }
  return { kind: "run", command: command.name, operands, values, switches, rest };
}

function topicOf(word: string | undefined): CommandName | null {
  return word === undefined ? null : commandOf(word).name;
}

function commandOf(word: string): Command & { name: CommandName } {
  const found = commands.find(({ name }) => name === word);
  if (found !== undefined) return found as Command & { name: CommandName };
  const meant = nearest(word, names);
  throw invalid(
    `there is no command ${JSON.stringify(word)}`,
    meant === null ? HELP : `Did you mean kubectl lockkeeper ${meant}?`,
  );
}

function checked(token: OptionToken, command: CommandName, isRepeated: boolean): Flag {
  const flag = flags.find(({ name }) => name === token.name);
  if (flag === undefined) throw unknownFlag(token.rawName);
  const form = `--${flag.name}`;
  if (!flag.commands.includes(command)) {
    throw invalid(`${form} doesn't go with ${command}`, `It goes with ${flag.commands.join(", ")}.`);
  }
  if (isRepeated) throw invalid(`${form} is given twice`, "Give it once.");
  if (flag.value === "" && token.value !== undefined) throw invalid(`${form} takes no value`, `Write ${form} alone.`);
  // `-f -` is standard input.
  const isFlag = token.inlineValue === false && token.value !== "-" && token.value?.startsWith("-");
  if (flag.value !== "" && (token.value === undefined || token.value === "" || isFlag)) {
    throw invalid(`${form} lacks its value`, `Write ${form} ${flag.value}.`);
  }
  return flag;
}

function unknownFlag(rawName: string): CliFailure {
  const known = flags.map(({ name }) => name);
  const meant = nearest(rawName.replace(/^-+/, ""), known);
  return invalid(`there is no flag ${rawName}`, meant === null ? HELP : `Did you mean --${meant}?`);
}

function checkOperands({ name, operands: form }: Command, given: readonly string[]): void {
  const wanted = (form.split(" -- ")[0] ?? "").split(" ").filter((part) => part !== "");
  const [least, most] = [wanted.filter((part) => !part.startsWith("[")).length, wanted.length];
  const usage = `kubectl lockkeeper ${name} ${form}`.trim();
  if (given.length < least) throw invalid(`${name} lacks its ${wanted[given.length] ?? "operand"}`, `Write ${usage}`);
  const extra = given[most];
  if (extra !== undefined) {
    throw invalid(`${name} doesn't know what to do with the argument ${JSON.stringify(extra)}`, `Write ${usage}`);
  }
}
