import { pathIn, showIn } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { compareCodeUnits } from "./order.ts";
import { refuse } from "./refuse.ts";
import type { Found, Listing } from "./reader.ts";

const SCRIPT = "migration.sql";

/** drizzle 1.0: `<YYYYMMDDHHMMSS>_<name>/migration.sql`, applied in the order of the folders' names. */
export function listDrizzleFolders(folder: Folder): Listing {
  const found: Found[] = [];
  const warnings: string[] = [];
  for (const [name, inner] of folder.folders) {
    if (!inner.has(SCRIPT)) {
      warnings.push(`${showIn(folder, name)} holds no ${SCRIPT} and was left alone`);
      continue;
    }
    const file = pathIn(folder, name, SCRIPT);
    if (!/^\d{14}(?:_|$)/.test(name)) {
      const hint = "drizzle 1.0 names folders like 20260131120000_add_users: rename it, or move it elsewhere.";
      throw refuse({ file }, "its folder's name doesn't begin with a timestamp of 14 digits", hint);
    }
    found.push({ name, kind: "sql", file, when: folderMillis(name), downFile: null });
  }
  for (const file of folder.files) {
    if (file.endsWith(".sql"))
      warnings.push(`${showIn(folder, file)} is not in a folder of its own and was left alone`);
  }
  // As drizzle-orm 1.0 orders them (localeCompare): it differs from code units where two share their second.
  return {
    found: found.toSorted((a, b) => a.name.localeCompare(b.name, "en") || compareCodeUnits(a.name, b.name)),
    warnings,
  };
}

/** The first migration's file, for detecting the format and for messages. */
export function firstDrizzleFolder(folder: Folder): string | null {
  for (const [name, inner] of folder.folders) if (inner.has(SCRIPT)) return `${name}/${SCRIPT}`;
  return null;
}

/**
 * What drizzle-orm 1.0 writes into `created_at` (`formatToMillis` in its migrator): the timestamp as UTC, in ms. Months or
 * hours that don't exist roll over, there as here. Two folders may share one.
 */
function folderMillis(name: string): number {
  const part = (start: number, end: number): number => Number(name.slice(start, end));
  return Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14));
}
