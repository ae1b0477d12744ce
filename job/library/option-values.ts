import { FLAGS } from "../cli/flags.ts";
import type { Flag, SwitchName, ValueFlagName } from "../cli/flags.ts";
import { nearest } from "../../contract/nearest.ts";
import type { Values } from "../cli/values.ts";
import { invalidInput } from "../failure.ts";
import type { MigrateOptions } from "./options.ts";

/** Flags that a program has no use for. */
const COMMAND_LINE_ONLY = new Set(["help", "version", "json", "report", "report-tag"]);
/** Options that aren't flags. */
const OTHERS = ["databaseUrl", "signal", "onEvent"];

const camel = (flag: string): string => flag.replaceAll(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());

const known = new Map<string, Flag>(
  FLAGS.filter(
    ({ name, commands }) => (commands as readonly string[]).includes("migrate") && !COMMAND_LINE_ONLY.has(name),
  ).map((flag) => [camel(flag.name), flag]),
);

/** The options as the values that the flags would have. Throws invalid input for an option that there isn't. */
export function optionValues(options: MigrateOptions): Values {
  const values: Partial<Record<ValueFlagName, string>> = {};
  const switches = new Set<SwitchName>();
  for (const [name, value] of Object.entries(options)) {
    const flag = known.get(name);
    if (flag === undefined && !OTHERS.includes(name)) throw unknownOption(name);
    if (flag === undefined || value === undefined) continue;
    if (flag.value === "") {
      if (value === true) switches.add(flag.name as SwitchName);
      else if (value !== false) throw invalidInput(`${name} is neither true nor false`);
    } else if (typeof value === "string" || typeof value === "number") {
      values[flag.name as ValueFlagName] = String(value);
    } else throw invalidInput(`${name} is neither a text nor a number`);
  }
  return { values, switches, label: camel };
}

function unknownOption(name: string): Error {
  const meant = nearest(name, [...known.keys(), ...OTHERS]);
  return invalidInput(`there is no option ${name}`, meant === null ? {} : { hint: `Did you mean ${meant}?` });
}
