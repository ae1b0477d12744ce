import type { Code } from "../../contract/code.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import type { Migration, Source } from "../source/migration.ts";
import type { HistoryRow } from "./history.ts";
import { listNames } from "./naming.ts";

/** A reason not to run a plan; `allowedBy` is the option that overrides it, null where none does. */
export type Obstacle = {
  code: Code;
  message: string;
  hint: string;
  allowedBy: "allowDrift" | "allowOutOfOrder" | null;
};

/** An applied migration whose file changed since: the checksum of the history, and that of the file now. */
export type Drifted = { migration: Migration; was: string; is: string };

export const failureOf = ({ code, message, hint }: Obstacle): Failure =>
  new Failure(code, code === "INVALID_INPUT" ? EXIT.invalidInput : EXIT.drift, message, { hint });

const drift = (message: string, hint: string): Obstacle => ({ code: "DRIFT", message, hint, allowedBy: "allowDrift" });

const short = (checksum: string): string => checksum.slice(0, 8);

/** None of the history's rows is of this source. */
export const foreignHistory = (rows: HistoryRow[], source: Source): Obstacle =>
  drift(
    `None of the ${rows.length === 1 ? "one migration" : `${rows.length} migrations`} in the history is in ` +
      `${source.dir}: ${listNames(rows.map(({ name }) => name))}. Is it the history of another application?`,
    "Give this one a table of its own with --history-table, or check --dir and the database. " +
      "If it is the same application, --allow-drift runs all of its migrations.",
  );

/** Applied files that changed, and rows that the source lacks. */
export function driftObstacle(drifted: Drifted[], missing: HistoryRow[], source: Source): Obstacle | null {
  const parts: string[] = [];
  if (drifted.length > 0) {
    const items = drifted.map(({ migration, was, is }) => `${migration.name} (was ${short(was)}, is ${short(is)})`);
    parts.push(`${count(items, "applied migration has", "applied migrations have")} changed: ${listNames(items)}.`);
  }
  if (missing.length > 0) {
    const items = missing.map(({ name, checksum }) => (checksum === null ? name : `${name} (${short(checksum)})`));
    parts.push(`${count(items, "applied migration is", "applied migrations are")} missing: ${listNames(items)}.`);
  }
  if (parts.length === 0) return null;
  return drift(
    `The history and ${source.dir} disagree. ${parts.join(" ")}`,
    "Bring back the files as they were applied, and put a change into a new migration; " +
      "or go on in spite of it with --allow-drift: then whatever is pending runs, and nothing that is applied runs again.",
  );
}

/** Pending migrations that come before an applied one; `skipped`: which drizzle's own migrator would skip. */
export function orderObstacle(late: Migration[], skipped: boolean): Obstacle {
  const names = late.map(({ name }) => name);
  const which = count(names, "pending migration comes", "pending migrations come");
  return {
    code: "OUT_OF_ORDER",
    message:
      `${which} before one that is applied already: ${listNames(names)}.` +
      (skipped ? " drizzle's own migrator would skip that in silence, because its table has a newer one." : ""),
    hint:
      "If it doesn't matter in which order they run, apply it with --allow-out-of-order; " +
      `else ${skipped ? "generate it again, so that it is the newest" : "rename it, so that it comes last"}.`,
    allowedBy: "allowOutOfOrder",
  };
}

const count = ({ length }: unknown[], one: string, many: string): string => `${length} ${length === 1 ? one : many}`;
