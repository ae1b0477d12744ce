import { parseDuration } from "../../contract/duration.ts";
import { invalidInput } from "../failure.ts";
import type { SwitchName, ValueFlagName } from "./flags.ts";

/** What flags (or a library's options) say, still as text. */
export type Values = {
  values: Partial<Record<ValueFlagName, string>>;
  switches: ReadonlySet<SwitchName>;
  /** How a flag is called where it was given: `--lock-timeout`, or `lockTimeout` in a program. */
  label: (flag: ValueFlagName | SwitchName) => string;
};

/** PostgreSQL's and Node's timers are ms in 32 bits. */
const LONGEST_TIMER_MS = 24 * 86_400_000;

/** A flag's duration in ms, or `otherwise`. Throws invalid input that names the flag. */
export function durationOf(
  from: Values,
  flag: ValueFlagName,
  otherwise: string,
  { least = 0, most = LONGEST_TIMER_MS }: { least?: number; most?: number } = {},
): number {
  const text = from.values[flag] ?? otherwise;
  const ms = parseDuration(text);
  const label = from.label(flag);
  if (ms === null) {
    throw invalidInput(`${label}: ${JSON.stringify(text)} is not a duration`, {
      hint: "Write a number with its unit (ms, s, m, h, d), such as 5s or 1h30m.",
    });
  }
  if (ms < least) {
    throw invalidInput(`${label} can't be ${text}: it would wait without end`, {
      hint: "Give it a limit, such as 5s.",
    });
  }
  if (ms > most) {
    throw invalidInput(`${label}: ${text} is too long`, { hint: "24d is the longest." });
  }
  return ms;
}

/** A flag's whole number, or `otherwise`. Throws invalid input that names the flag and its range. */
export function numberOf(from: Values, flag: ValueFlagName, otherwise: number, least: number, most: number): number {
  const text = from.values[flag];
  if (text === undefined) return otherwise;
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw invalidInput(`${from.label(flag)}: ${JSON.stringify(text)} is not a whole number from ${least} to ${most}`);
}

/** A flag's value out of a closed list, or `otherwise`. Throws invalid input that names the list. */
export function choiceOf<Choice extends string>(
  from: Values,
  flag: ValueFlagName,
  choices: readonly Choice[],
  otherwise: Choice,
): Choice {
  const text = from.values[flag];
  if (text === undefined) return otherwise;
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw invalidInput(`${from.label(flag)}: ${JSON.stringify(text)} is none of ${choices.join(", ")}`);
}
