import { nearest } from "../../contract/nearest.ts";
import { invalidInput } from "../failure.ts";
import type { Failure } from "../failure.ts";
import type { Source } from "../source/migration.ts";

const SHOWN = 5;

/** At most five items, and how many more there are. */
export function listNames(items: readonly string[]): string {
  const shown = items.slice(0, SHOWN).join(", ");
  return items.length > SHOWN ? `${shown} and ${items.length - SHOWN} more` : shown;
}

/** A migration's name that a flag gave and the source lacks, with the one that was probably meant. */
export function unknownTarget(flag: string, name: string, { migrations, dir }: Source): Failure {
  const near = nearestName(
    name,
    migrations.map((migration) => migration.name),
  );
  const last = migrations.at(-1)?.name;
  return invalidInput(`${flag}: there is no migration ${JSON.stringify(name)} in ${dir}`, {
    hint:
      near !== null
        ? `Did you mean ${near}?`
        : last !== undefined
          ? `It has ${migrations.length} ${migrations.length === 1 ? "migration" : "migrations"}; the last one is ${last}.`
          : "It has no migrations.",
  });
}

/** The name that was probably meant: one that begins as `text` does (`0007`), without its ending, else the one with fewest edits. */
function nearestName(text: string, names: readonly string[]): string | null {
  const plain = text
    .replace(/\/$/, "")
    .replace(/^.*\//, "")
    .replace(/(\.(up|down))?\.\w{2,3}$/, "");
  const beginning = names.find((name) => plain !== "" && name.startsWith(plain));
  return beginning ?? nearest(plain, names);
}
