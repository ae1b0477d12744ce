import { parseArgs } from "node:util";
import { nearest } from "../../../contract/nearest.ts";
import { BY_HAND } from "../../job/by-hand.ts";
import type { ByHand, ByHandCommand } from "../../job/by-hand.ts";
import { invalid } from "../failure.ts";

/** What may be said of each: everything else is the resource's. */
const TAKES = {
  plan: { flags: ["to", "json"], operand: false },
  status: { flags: ["json"], operand: false },
  down: { flags: ["to", "yes", "json"], operand: false },
  unlock: { flags: ["yes", "json"], operand: false },
  baseline: { flags: ["json"], operand: true },
} as const satisfies Record<ByHandCommand, { flags: readonly string[]; operand: boolean }>;

const options = { to: { type: "string" }, yes: { type: "boolean" }, json: { type: "boolean" } } as const;

/** What comes after `--`: a command of the runner's, and what only the one who runs it can say. */
export function byHandOf(rest: readonly string[]): ByHand {
  const { tokens } = parseArgs({ args: [...rest], options, strict: false, allowPositionals: true, tokens: true });
  const [word, operand, ...more] = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const command = commandOf(word);
  const takes = TAKES[command];
  const given = tokens.flatMap((token) => (token.kind === "option" ? [checked(token, command, takes.flags)] : []));
  if (takes.operand && operand === undefined) throw invalid(`${command} lacks its NAME`, `Write -- ${command} NAME.`);
  const extra = takes.operand ? more[0] : operand;
  if (extra !== undefined)
    throw invalid(`${command} doesn't know what to do with the argument ${JSON.stringify(extra)}`);
  if (command === "down" && !given.some((argument) => argument.startsWith("--to="))) {
    throw invalid("down lacks --to", "Name the migration to go back to: -- down --to NAME --yes");
  }
  return { command, operand: takes.operand ? (operand ?? null) : null, given };
}

function commandOf(word: string | undefined): ByHandCommand {
  const found = BY_HAND.find((name) => name === word);
  if (found !== undefined) return found;
  const list = `After -- comes one of ${BY_HAND.join(", ")}.`;
  if (word === undefined) throw invalid("job lacks what is to be run", list);
  if (word === "migrate") {
    throw invalid(
      "migrating is the operator's: it proves what is applied",
      "kubectl lockkeeper retry NAME tries again.",
    );
  }
  const meant = nearest(word, BY_HAND);
  throw invalid(
    `the runner has no command ${JSON.stringify(word)} here`,
    meant === null ? list : `Did you mean ${meant}?`,
  );
}

type OptionToken = Extract<NonNullable<ReturnType<typeof parseArgs>["tokens"]>[number], { kind: "option" }>;

function checked({ name, rawName, value }: OptionToken, command: ByHandCommand, flags: readonly string[]): string {
  if (!flags.includes(name)) {
    const hint = flags.map((flag) => `--${flag}`).join(", ");
    throw invalid(
      `${rawName} doesn't go with ${command} here`,
      `It takes ${hint}; everything else is the resource's own.`,
    );
  }
  if (name !== "to") {
    if (value !== undefined) throw invalid(`--${name} takes no value`);
    return `--${name}`;
  }
  if (value === undefined || value === "" || value.startsWith("-"))
    throw invalid("--to lacks its NAME", "Write --to NAME.");
  return `--to=${value}`;
}
