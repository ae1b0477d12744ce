import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import { quoteLiteral, quoteTable } from "../postgres/name.ts";
import { indexState, isGone } from "./concurrent-index.ts";
import { fileOf } from "./place.ts";
import type { Reached } from "./progress.ts";
import type { StatementFile } from "./statement-file.ts";
import { locationOf } from "./statement-file.ts";
import type { Unit } from "./unit.ts";

/** What an earlier run of the file reached. Throws when that was another content of it. */
export async function readReached({ bench, task }: StatementFile): Promise<Reached | null> {
  const reached = await bench.progress.read(bench.line.session, task.migration);
  if (reached === null || reached.checksum === task.migration.checksum) return reached;
  const table = quoteTable(bench.progress.table);
  throw new Failure(
    "UNCERTAIN",
    EXIT.failedMigration,
    `${task.migration.name}: an earlier content of this file was run up to its step ${reached.finished}, and the file changed since`,
    {
      migration: task.migration.name,
      location: { file: fileOf(task) },
      hint: `Bring the file back, or undo by hand what it did and then: delete from ${table} where name = ${quoteLiteral(task.migration.name)}`,
    },
  );
}

/** The unit to go on with: the one after what is done, once the unfinished one is proved done or undone. */
export async function settle(
  file: StatementFile,
  reached: Reached | null,
  runSetting: (unit: Unit) => Promise<void>,
): Promise<number> {
  if (reached === null) return 0;
  if (reached.started === reached.finished) return reached.finished;
  const n = reached.started - 1;
  const unit = file.units[n];
  if (unit === undefined) return reached.finished;
  // What the unit's names mean can hang on the search_path that the file sets.
  for (const earlier of file.units.slice(0, n)) if (earlier.kind === "setting") await runSetting(earlier);
  return (await isProved(file, unit)) ? reached.started : n;
}

async function isProved(file: StatementFile, unit: Unit): Promise<boolean> {
  const { session } = file.bench.line;
  const { proof } = unit;
  switch (proof.by) {
    case "index":
      return (await indexState(session, proof)) === "valid";
    case "dropped-index":
      return await isGone(session, proof);
    case "repetition":
      return false;
    case "nothing":
      throw uncertain(file, unit);
    default:
      return proof satisfies never;
  }
}

function uncertain({ bench, task, units }: StatementFile, unit: Unit): Failure {
  const table = quoteTable(bench.progress.table);
  const where = `where name = ${quoteLiteral(task.migration.name)}`;
  const n = units.indexOf(unit) + 1;
  return new Failure(
    "UNCERTAIN",
    EXIT.failedMigration,
    `${task.migration.name}: statement ${unit.statement} may have run: a run died while it was under way, and the catalog doesn't tell`,
    {
      migration: task.migration.name,
      location: locationOf(task, unit),
      hint: `Look whether it took effect. If so: update ${table} set finished = ${n} ${where}. If not: update ${table} set started = ${n - 1}, finished = ${n - 1} ${where}. Then run again.`,
    },
  );
}
