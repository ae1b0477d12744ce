import { EXIT } from "../../contract/exit-code.ts";
import { COMMANDS } from "./commands.ts";
import type { Command, CommandName } from "./commands.ts";
import { FLAGS } from "./flags.ts";
import type { Flag } from "./flags.ts";

/** What each exit code means: the runner's own codes, for what its run came to. */
export const EXIT_CODES = [
  [EXIT.done, "done: the migrations are applied, or what was asked for has happened"],
  [EXIT.lockTimeout, "a lock could not be had in time, after all tries"],
  [EXIT.failedMigration, "a migration failed; running it again won't help"],
  [EXIT.drift, "history and source disagree"],
  [EXIT.invalidInput, "arguments, the resource or the cluster can't be used as they are, or a right is missing"],
  [EXIT.unreachable, "the database, or the API server, can't be reached"],
  [EXIT.cancelled, "out of time, stopped by SIGTERM or SIGINT, or the run was stopped from outside"],
  [EXIT.bug, "a bug in Lockkeeper, or a run that left no report"],
] as const;

const WIDTH = 100;
const LEFT = 30;

/** The help of one command, or of all. */
export function helpText(topic: CommandName | null): string {
  const command = COMMANDS.find((known) => known.name === topic);
  return (command === undefined ? overview() : commandHelp(command)).join("\n");
}

function overview(): string[] {
  return [
    "kubectl lockkeeper: waits for migrations in a cluster, and does by hand what the operator and Helm do.",
    "",
    "Usage: kubectl lockkeeper COMMAND [FLAGS]",
    "",
    "Commands",
    ...columns(COMMANDS.map(({ name, operands, summary }) => [`${name} ${operands}`.trim(), summary])),
    "",
    "Examples",
    ...COMMANDS.flatMap(({ examples }) => examples.slice(0, 1)).map((example) => `  ${example}`),
    "",
    ...closing(),
  ];
}

function commandHelp({ name, operands, summary, examples }: Command): string[] {
  const flags: Flag[] = FLAGS.filter((flag: Flag) => (flag.commands as readonly string[]).includes(name));
  return [
    `Usage: kubectl lockkeeper ${`${name} ${operands}`.trim()} [FLAGS]`,
    "",
    ...wrapped(summary, WIDTH),
    "",
    "Flags",
    ...columns(flags.map((flag) => [flagForm(flag), flagText(flag)])),
    "",
    "Examples",
    ...examples.map((example) => `  ${example}`),
    "",
    ...closing(),
  ];
}

const closing = (): string[] => [
  "Exit codes",
  ...columns(EXIT_CODES.map(([code, meaning]) => [String(code), meaning])),
];

/** `-n, --namespace NAMESPACE`. */
export const flagForm = ({ name, short, value }: Flag): string =>
  `${short === "" ? "" : `-${short}, `}--${name}${value === "" ? "" : ` ${value}`}`;

const flagText = ({ description, default: otherwise }: Flag): string =>
  `${description}${otherwise === "" ? "" : ` Default: ${otherwise}.`}`;

/** Two columns; the second one's lines are broken between words. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  return rows.flatMap(([left, right]) => {
    const [first = "", ...rest] = wrapped(right, WIDTH - LEFT - 2);
    return [`  ${left.padEnd(LEFT - 2)}  ${first}`, ...rest.map((text) => " ".repeat(LEFT + 2) + text)];
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
