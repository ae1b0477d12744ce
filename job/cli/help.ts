import { EXIT } from "../../contract/exit-code.ts";
import { CHECK_VARIABLES } from "../check/variables.ts";
import { VARIABLES } from "../environment.ts";
import type { Variable } from "../environment.ts";
import { COMMANDS } from "./commands.ts";
import type { Command, CommandName } from "./commands.ts";
import { FLAGS } from "./flags.ts";
import type { Flag } from "./flags.ts";

/** What each exit code means, for the help and docs/cli.md. */
export const EXIT_CODES = [
  [EXIT.done, "done, or nothing to do"],
  [EXIT.lockTimeout, "a lock could not be had in time: another runner's, or a table's; running again may help"],
  [EXIT.failedMigration, "a migration failed; running it again won't help"],
  [EXIT.drift, "history and folder disagree: a changed file, a hole, a migration out of order"],
  [EXIT.invalidInput, "a flag, a variable, the folder or a file in it can't be used, or a right is missing"],
  [EXIT.unreachable, "the database, or what check asks, can't be reached, or refuses the connection"],
  [EXIT.cancelled, "stopped by SIGTERM or SIGINT, or out of time: --run-timeout, or --wait of a strict check"],
  [EXIT.critical, "check --strict found what is critical: pending, failed, stuck or drifted migrations"],
  [EXIT.bug, "a bug in Lockkeeper"],
] as const;

const WIDTH = 100;

/** The help of one command, or of all. */
export function helpText(topic: CommandName | null): string {
  const command = COMMANDS.find((known) => known.name === topic);
  return `${(command === undefined ? overview() : commandHelp(command)).join("\n")}\n`;
}

function overview(): string[] {
  return [
    "lockkeeper: brings a PostgreSQL schema to the level of its migrations, once, under a lock.",
    "",
    "Usage: lockkeeper COMMAND [FLAGS]",
    "",
    "Commands",
    ...columns(COMMANDS.map(({ name, operand, summary }) => [`${name} ${operand}`.trim(), summary])),
    ...columns([["help COMMAND", "Print a command's flags and examples."]]),
    "",
    "Examples",
    ...COMMANDS.flatMap(({ examples }) => examples.slice(0, 1)).map((example) => `  ${example}`),
    "",
    ...closing([...VARIABLES, ...CHECK_VARIABLES]),
  ];
}

function commandHelp({ name, operand, summary, examples }: Command): string[] {
  const flags: Flag[] = FLAGS.filter((flag: Flag) => (flag.commands as readonly string[]).includes(name));
  return [
    `Usage: lockkeeper ${name}${operand === "" ? "" : ` ${operand}`} [FLAGS]`,
    "",
    ...wrapped(summary, WIDTH),
    "",
    "Flags",
    ...columns(flags.map((flag) => [flagForm(flag), flagText(flag)])),
    "",
    "Examples",
    ...examples.map((example) => `  ${example}`),
    "",
    ...closing(name === "check" ? [...CHECK_VARIABLES, ...VARIABLES.filter(isGeneral)] : VARIABLES),
  ];
}

/** What isn't about a database. */
const isGeneral = ({ name }: Variable): boolean => name === "NO_COLOR" || name === "LOCKKEEPER_DEBUG";

const closing = (variables: readonly Variable[]): string[] => [
  "Environment",
  ...columns(variables.map((variable) => [variable.name, `${variable.description}${defaultText(variable.default)}`])),
  "",
  "Exit codes",
  ...columns(EXIT_CODES.map(([code, meaning]) => [String(code), meaning])),
];

/** `--dir DIR`. */
export const flagForm = ({ name, value }: Flag): string => (value === "" ? `--${name}` : `--${name} ${value}`);

const flagText = ({ description, default: otherwise, env }: Flag): string =>
  `${description}${defaultText(otherwise)}${env === "" ? "" : ` [${env}]`}`;

const defaultText = (text: string): string => (text === "" ? "" : ` Default: ${text}.`);

/** Two columns; the second one's lines are broken between words. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const indent = 2 + 30;
  return rows.flatMap(([left, right]) => {
    const lines = wrapped(right, WIDTH - indent).map((line) => " ".repeat(indent) + line);
    // A name that is too long for its column has a line to itself.
    if (left.length > indent - 4) return [`  ${left}`, ...lines];
    const [first = "", ...rest] = lines;
    return [`  ${left.padEnd(indent - 4)}  ${first.trimStart()}`, ...rest];
  });
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
