import { randomUUID } from "node:crypto";
import type { RunContext } from "../../job/context.ts";
import { down } from "../../job/down.ts";
import { baseline } from "../../job/baseline.ts";
import type { RunEvent } from "../../job/event.ts";
import { migrate } from "../../job/migrate.ts";
import type { RunResult } from "../../job/result.ts";
import type { RunSettings } from "../../job/settings.ts";
import { folderWith } from "../../job/source/folder-fixture.ts";
import type { FolderFixture } from "../../job/source/folder-fixture.ts";
import type { TestDatabase } from "../postgres/database.ts";

/** What a test may set differently from a plain `lockkeeper migrate --dir DIR`. */
export type Changes = Partial<Omit<RunSettings, "source" | "lock">> & {
  url?: string;
  to?: string | null;
  format?: RunSettings["source"]["format"];
  lock?: Partial<RunSettings["lock"]>;
  signal?: AbortSignal;
};

export type Ran = RunResult & { events: RunEvent[] };

/** The settings that the command line's defaults make, but with waits as short as tests need them. */
export function settingsFor(url: string, dir: string, changes: Changes = {}): RunSettings {
  const { url: _url, to = null, format = "auto", lock, signal: _signal, ...rest } = changes;
  return {
    connection: { url, ca: null, connectWaitMs: 0, applicationName: "lockkeeper", checkPooler: false },
    source: { dir, format, to },
    lock: { waitMs: 10_000, timeoutMs: 5_000, retries: 8, ...lock },
    statementTimeoutMs: 0,
    runTimeoutMs: 60_000,
    allowDrift: false,
    allowOutOfOrder: false,
    baseline: null,
    history: { format: "auto", table: null },
    runLog: { enabled: true, table: null, retentionMs: 0 },
    run: { id: randomUUID(), runner: "test", source: dir, host: "test" },
    batch: { maxFiles: 64, maxBytes: 256 * 1024 },
    ...rest,
  };
}

type Work = (settings: RunSettings, context: RunContext) => Promise<RunResult>;

async function ranOn(db: Pick<TestDatabase, "url">, dir: string, changes: Changes, work: Work): Promise<Ran> {
  const events: RunEvent[] = [];
  const signal = changes.signal ?? new AbortController().signal;
  const context = { signal, now: () => new Date(), onEvent: (event: RunEvent) => void events.push(event) };
  return { ...(await work(settingsFor(changes.url ?? db.url, dir, changes), context)), events };
}

/** Runs the real runner in this process on a folder. */
export const runFolder = async (db: Pick<TestDatabase, "url">, dir: string, changes: Changes = {}): Promise<Ran> =>
  await ranOn(db, dir, changes, migrate);

export const runDown = async (db: TestDatabase, dir: string, to: string, changes: Changes = {}): Promise<Ran> =>
  await ranOn(db, dir, changes, async (settings, context) => await down(settings, { to }, context));

export const runBaseline = async (db: TestDatabase, dir: string, name: string, changes: Changes = {}): Promise<Ran> =>
  await ranOn(db, dir, changes, async (settings, context) => await baseline(settings, { name }, context));

/** Runs the real runner once on files that are gone afterwards. */
export async function runFiles(
  db: Pick<TestDatabase, "url">,
  files: Record<string, string | Buffer>,
  changes: Changes = {},
): Promise<Ran> {
  await using folder: FolderFixture = await folderWith(files);
  return await runFolder(db, folder.dir, changes);
}

/** The names in our history, in order. */
export async function history(db: TestDatabase): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    "select name from lockkeeper.migration_history order by applied_at, name",
  );
  return rows.map(({ name }) => name);
}

/** The tables of `public`, in order. */
export async function tables(db: TestDatabase): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1",
  );
  return rows.map(({ name }) => name);
}

/** The files of statement mode that aren't done, as `name started/finished`. */
export async function unfinished(db: TestDatabase): Promise<string[]> {
  const [there] = await db.query("select to_regclass('lockkeeper.migration_history_progress') as t");
  if (there?.["t"] === null) return [];
  const rows = await db.query<{ row: string }>(
    "select name || ' ' || started || '/' || finished as row from lockkeeper.migration_history_progress order by name",
  );
  return rows.map(({ row }) => row);
}

/** What a run failed with, in the form that tests compare: code, migration, file's name, line and statement. */
export function failureOf({ failure, error }: RunResult): Record<string, unknown> | null {
  if (failure === null) return null;
  const { location, hint } = failure.details;
  return {
    code: failure.code,
    exitCode: failure.exitCode,
    migration: error?.migration ?? null,
    file: location?.file.replace(/^.*\//, "") ?? null,
    line: location?.line ?? null,
    statement: location?.statement ?? null,
    message: failure.message,
    hint: hint ?? null,
  };
}
