import { invalidInput } from "../failure.ts";
import type { Migration, Source } from "../source/migration.ts";
import type { MatchedRow } from "./history.ts";
import { listNames, unknownTarget } from "./naming.ts";

/**
 * The migrations up to and with `name`, in order, to be recorded as applied without being run: for a database that has
 * the schema and no history. Pure. Throws invalid input when the source lacks `name`, and when the history has any row:
 * from then on what is applied is known, and nobody has to say it.
 */
export function baselinePlan(source: Source, matched: MatchedRow[], name: string): Migration[] {
  const end = source.migrations.findIndex((migration) => migration.name === name);
  if (end < 0) throw unknownTarget("baseline", name, source);
  if (matched.length > 0) {
    const names = listNames(matched.map(({ row, migration }) => migration?.name ?? row.name));
    throw invalidInput(`baseline: the history has ${matched.length === 1 ? "a row" : "rows"} already: ${names}`, {
      hint: "baseline is for a database without a history. Run `lockkeeper status` to see what is applied and pending.",
    });
  }
  return source.migrations.slice(0, end + 1);
}
