import { digestOf } from "./digest.ts";
import { detectFormat } from "./detect.ts";
import { HEAD_BYTES, readDirectives } from "./directive.ts";
import { listDrizzle } from "./drizzle.ts";
import { listFolder } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { mapBounded } from "./bounded.ts";
import { inspect, makeScratch } from "./inspect.ts";
import type { Scratch } from "./inspect.ts";
import type { Migration, Source, SourceFormat } from "./migration.ts";
import { listModules } from "./module.ts";
import type { Found, Reader } from "./reader.ts";
import { isOdd, refuse, show } from "./refuse.ts";
import { listSql } from "./sql.ts";
import { isSuspicious } from "./words.ts";

const READERS = { drizzle: listDrizzle, sql: listSql, module: listModules } satisfies Record<SourceFormat, Reader>;

const LOOKED_FOR = {
  drizzle: ["meta/_journal.json with entries", "<timestamp>_<name>/migration.sql"],
  sql: ["NAME.sql", "NAME.up.sql", "NAME/up.sql"],
  module: ["NAME.js, NAME.mjs or NAME.ts"],
} satisfies Record<SourceFormat, string[]>;

/** The history's column takes more, but a file's name doesn't. */
const LONGEST_NAME = 255;
const BREAKPOINT = "--> statement-breakpoint";
/** Enough for a slow volume, and 1 MB of buffers. */
const AT_ONCE = 16;

/**
 * Lists a folder's migrations in their order, with their checksums. Every file is looked through once, a chunk at a time,
 * so that what PostgreSQL can't take is found before anything is touched; no file is kept in memory. Throws invalid
 * source that names file and line, or the signal's reason.
 */
export async function readSource(options: {
  dir: string;
  format: SourceFormat | "auto";
  signal?: AbortSignal | undefined;
}): Promise<Source> {
  const { dir, signal } = options;
  signal?.throwIfAborted();
  const folder = await listFolder(dir, signal);
  const format = options.format === "auto" ? detectFormat(folder) : options.format;
  if (format === null) throw refuseEmpty(folder, Object.values(LOOKED_FOR).flat());
  const { found, warnings } = await READERS[format](folder);
  if (found.length === 0) throw refuseEmpty(folder, LOOKED_FOR[format]);
  for (const { name, file } of found) checkName(name, file);
  // Without its journal a drizzle folder would pass as plain SQL, and all of it would be applied once more.
  const refuseBreakpoints = options.format === "auto" && format === "sql";
  const migrations = await mapBounded(
    found,
    AT_ONCE,
    makeScratch,
    (one, scratch) => examine(one, scratch, refuseBreakpoints),
    signal,
  );
  return { format, dir, migrations, digest: digestOf(migrations), warnings };
}

async function examine(found: Found, scratch: Scratch, refuseBreakpoints: boolean): Promise<Migration> {
  const { name, kind, file, when, downFile } = found;
  let plain = false;
  const checkHead = (path: string) => (head: Buffer) => {
    if (kind !== "sql") return;
    const { mode, lockTimeoutMs } = readDirectives(head, path);
    // So most files needn't be read again before the first of them is run.
    const whole = head.length <= HEAD_BYTES;
    if (path === file)
      plain = whole && mode === null && lockTimeoutMs === null && !isSuspicious(head.toString("latin1"));
    if (refuseBreakpoints && head.includes(BREAKPOINT)) {
      const hint = "Bring back meta/_journal.json, or say by --format sql that this is plain SQL.";
      throw refuse({ file: path }, "is drizzle's, but the folder has no drizzle journal", hint);
    }
  };
  const { bytes, checksum } = await inspect(file, scratch, checkHead(file));
  if (downFile !== null && downFile !== file) await inspect(downFile, scratch, checkHead(downFile));
  return { name, kind, file, bytes, plain, checksum, when, downFile };
}

function checkName(name: string, file: string): void {
  if (Buffer.byteLength(name) > LONGEST_NAME) {
    throw refuse({ file }, `the migration's name is longer than ${LONGEST_NAME} bytes`, "Rename it.");
  }
  if (isOdd(name) || name.includes("\uFFFD")) {
    throw refuse({ file }, `the migration's name ${show(name)} holds a character that no name may have`, "Rename it.");
  }
}

function refuseEmpty(folder: Folder, lookedFor: string[]): Error {
  const [inner] = [...folder.folders].filter(([, names]) => [...names].some((name) => name.endsWith(".sql")));
  const elsewhere = inner === undefined ? "" : ` Its folder ${show(inner[0])} holds .sql files: is it that one?`;
  return refuse(
    { file: folder.dir },
    "the folder holds no migrations",
    `Looked for ${lookedFor.join("; ")}.${elsewhere}`,
  );
}
