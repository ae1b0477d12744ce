import { firstDrizzleFolder } from "./drizzle-folder.ts";
import { hasJournal } from "./drizzle.ts";
import { pathIn, showIn } from "./folder.ts";
import type { Folder } from "./folder.ts";
import type { SourceFormat } from "./migration.ts";
import { firstModule } from "./module.ts";
import { refuse } from "./refuse.ts";
import { firstSql } from "./sql.ts";

/**
 * A folder's format by what it holds; null where it holds nothing. A journal makes it drizzle whatever else is there: it
 * alone says what is applied. Anything else that fits two formats is refused, naming a file of each.
 */
export function detectFormat(folder: Folder): SourceFormat | null {
  if (hasJournal(folder)) return "drizzle";
  const snapshot = [...(folder.folders.get("meta") ?? [])].find((name) => name.endsWith("_snapshot.json"));
  if (snapshot !== undefined) {
    throw refuse(
      { file: pathIn(folder, "meta", snapshot) },
      `is drizzle's, but ${showIn(folder, "meta", "_journal.json")} is missing`,
      "Bring back the journal: it says what is applied and in which order.",
    );
  }
  const drizzle = firstDrizzleFolder(folder);
  const sql = firstSql(folder);
  const script = firstModule(folder);
  if (drizzle !== null) {
    const prisma = folder.files.has("migration_lock.toml") ? "migration_lock.toml" : null;
    if (prisma !== null) throw contradiction(folder, [prisma, "Prisma"], [drizzle, "drizzle 1.0"]);
    if (sql !== null) throw contradiction(folder, [sql, "plain SQL"], [drizzle, "drizzle 1.0"]);
    // Modules beside it are the schema that drizzle-kit pull writes.
    return "drizzle";
  }
  if (sql !== null && script !== null) throw contradiction(folder, [script, "a module"], [sql, "plain SQL"]);
  if (sql !== null) return "sql";
  return script === null ? null : "module";
}

type Sign = [file: string, of: string];

const contradiction = (folder: Folder, [file, of]: Sign, [other, ofOther]: Sign): Error =>
  refuse(
    { file: pathIn(folder, file) },
    `a sign of ${of}, but ${showIn(folder, other)} is one of ${ofOther}; a folder holds one format`,
    "Move one of the two elsewhere, or say by --format drizzle, sql or module which of them counts.",
  );
