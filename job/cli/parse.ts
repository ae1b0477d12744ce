import { parseArgs } from "node:util";
import { invalidInput } from "../failure.ts";
import type { Failure } from "../failure.ts";
import { COMMANDS } from "./commands.ts";
import type { Command, CommandName } from "./commands.ts";
import { FLAGS } from "./flags.ts";
import type { Flag, FlagName, SwitchName, ValueFlagName } from "./flags.ts";
import { nearest } from "../../contract/nearest.ts";

export type Arguments = {
  command: CommandName | "help" | "version" | null;
  /** Which command's help is asked for; null: the whole. */
  topic: CommandName | null;
  operand: string | null;
  values: Partial<Record<ValueFlagName, string>>;
  switches: ReadonlySet<SwitchName>;
};

/** What could be read, and the first thing that couldn't: a report can be written although a flag is wrong. */
export type Parsed = { arguments: Arguments; failure: Failure | null };

type Token = NonNullable<ReturnType<typeof parseArgs>["tokens"]>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

const flags: readonly Flag[] = FLAGS;
const commands: readonly Command[] = COMMANDS;
const names = commands.map((command) => command.name);
const options = Object.fromEntries(
  flags.map((flag) => [flag.name, { type: flag.value === "" ? ("boolean" as const) : ("string" as const) }]),
);

const HELP = "lockkeeper --help lists the commands and flags.";

/** Reads the command line. Strict: what it doesn't know is a failure, with what was probably meant. */
export function parseArguments(argv: readonly string[]): Parsed {
  // parseArgs' own strict mode throws at the first surprise and echoes values, which may hold a credential.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const failures: Failure[] = [];
  const values: Partial<Record<string, string>> = {};
  const switches = new Set<SwitchName>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const failure = checkOption(token, token.name in values || switches.has(token.name as SwitchName));
    if (failure !== null) failures.push(failure);
    else if (token.value === undefined) switches.add(token.name as SwitchName);
    else values[token.name] = token.value;
  }
  const { command, topic, operand, failure } = readPositionals(positionals, switches);
  if (failure !== null) failures.push(failure);
  if (command !== null && command !== "help" && command !== "version") {
    failures.push(...misplaced(command, [...Object.keys(values), ...switches]));
  }
  return { arguments: { command, topic, operand, values, switches }, failure: failures[0] ?? null };
}

function checkOption(token: OptionToken, repeated: boolean): Failure | null {
  if (token.name === "database-url") return credentialInArguments("--database-url doesn't exist");
  const file = TOKEN_FILES[token.name];
  if (file !== undefined) return secretInArguments(`--${token.name} doesn't exist`, file);
  const flag = flags.find((known) => known.name === token.name);
  if (flag === undefined) return unknownFlag(token.rawName);
  if (repeated) return invalidInput(`--${flag.name} is given twice`, { hint: "Give it once." });
  if (flag.value === "" && token.value !== undefined) {
    return invalidInput(`--${flag.name} takes no value`, { hint: `Write --${flag.name} alone.` });
  }
  const swallowedFlag = token.inlineValue === false && token.value?.startsWith("-");
  if (flag.value !== "" && (token.value === undefined || token.value === "" || swallowedFlag)) {
    return invalidInput(`--${flag.name} lacks its value`, { hint: `Write --${flag.name} ${flag.value}.` });
  }
  return null;
}

function unknownFlag(rawName: string): Failure {
  const name = rawName.replace(/^-+/, "");
  const meant = nearest(
    name,
    flags.map((flag) => flag.name),
  );
  return invalidInput(`there is no flag ${rawName}`, { hint: meant === null ? HELP : `Did you mean --${meant}?` });
}

type Positionals = Pick<Arguments, "command" | "topic" | "operand"> & { failure: Failure | null };

function readPositionals([word, operand, ...rest]: string[], switches: ReadonlySet<SwitchName>): Positionals {
  const found = (differs: Partial<Positionals>): Positionals => ({
    command: null,
    topic: null,
    operand: null,
    failure: null,
    ...differs,
  });
  const url = [word, operand, ...rest].find((text) => text !== undefined && /^[a-z]+:\/\//i.test(text));
  const command = names.find((name): name is CommandName => name === word) ?? null;
  if (url !== undefined) {
    return found({ command, failure: credentialInArguments("a connection string can't be an argument") });
  }
  if (switches.has("version")) return found({ command: "version" });
  if (word === "help" || switches.has("help")) {
    const asked = word === "help" ? operand : word;
    const topic = names.find((name): name is CommandName => name === asked) ?? null;
    return found({
      command: "help",
      topic,
      failure: asked === undefined || topic !== null ? null : unknownCommand(asked),
    });
  }
  if (word === undefined) return found({ failure: invalidInput("no command is given", { hint: HELP }) });
  if (command === null) return found({ failure: unknownCommand(word) });
  const takes = commands.find((known) => known.name === command)?.operand ?? "";
  if (takes !== "" && operand === undefined) {
    return found({
      command,
      failure: invalidInput(`${command} lacks its ${takes}`, { hint: `lockkeeper ${command} ${takes}` }),
    });
  }
  const extra = takes === "" ? operand : rest[0];
  if (extra !== undefined) {
    const failure = invalidInput(`${command} doesn't know what to do with the argument ${JSON.stringify(extra)}`, {
      hint: `lockkeeper ${command} --help`,
    });
    return found({ command, operand: takes === "" ? null : (operand ?? null), failure });
  }
  return found({ command, operand: operand ?? null });
}

function unknownCommand(word: string): Failure {
  const meant = nearest(word, names);
  return invalidInput(`there is no command ${JSON.stringify(word)}`, {
    hint: meant === null ? HELP : `Did you mean lockkeeper ${meant}?`,
  });
}

function* misplaced(command: CommandName, given: readonly string[]): Generator<Failure> {
  for (const name of given) {
    const flag = flags.find((known) => known.name === (name as FlagName));
    if (flag === undefined || flag.commands.includes(command)) continue;
    yield invalidInput(`--${name} doesn't go with ${command}`, {
      hint: `It goes with ${flag.commands.join(", ")}.`,
    });
  }
}

/** What somebody may try to give as an argument, and what to do instead. */
const TOKEN_FILES: Partial<Record<string, string>> = {
  token: "Set DEPLOY_OPS_TOKEN, or name a file that holds it by --token-file.",
  "notify-url": "Name a file that holds it by --notify-url-file.",
};

const credentialInArguments = (what: string): Failure =>
  secretInArguments(
    what,
    "Set DATABASE_URL, or name a file that holds it by --database-url-file or DATABASE_URL_FILE.",
  );

const secretInArguments = (what: string, hint: string): Failure =>
  invalidInput(`${what}: every user of the machine can read a process's arguments`, { hint });
