import { readFile } from "node:fs/promises";
import pg from "pg";
import type { Queryable } from "../postgres/queryable.ts";
import { endsSession } from "../postgres/sqlstate.ts";

/** The part of a `pg` pool that is used. An app may hand in its own. */
export type OpsPool = { connect(): Promise<OpsClient> };
export type OpsClient = {
  query(text: string, values?: unknown[]): Promise<{ rows: object[]; rowCount: number | null }>;
  release(error?: boolean): void;
};

/** A connection attempt and a statement may each take so long, ms; all together less than the handler's two seconds. */
const STATEMENT_MS = 1_500;

/** A pool, and the URL that it was made from where that is known: errors are searched for its password. */
export type Opened = { pool: OpsPool; url: string };

/**
 * A small pool, made at the first request and again when the URL's file has changed. It holds no process open, and an idle
 * connection is closed: an app's own connections are worth more.
 */
export function lazyPool(database: { url: string | undefined; file: string | undefined }): () => Promise<Opened> {
  let opened: { url: string; pool: pg.Pool } | null = null;
  return async () => {
    const url = database.url ?? (await readUrl(database.file));
    if (opened?.url === url) return opened;
    const before = opened;
    opened = { url, pool: makePool(url) };
    void before?.pool.end();
    return opened;
  };
}

function makePool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "lockkeeper-ops",
    max: 2,
    connectionTimeoutMillis: STATEMENT_MS,
    idleTimeoutMillis: 10_000,
    allowExitOnIdle: true,
  });
  // An idle connection that breaks is no event: the next request opens another.
  pool.on("error", () => undefined);
  return pool;
}

async function readUrl(file: string | undefined): Promise<string> {
  const url = file === undefined ? "" : (await readFile(file, "utf8").catch(() => "")).trim();
  if (url === "") throw new Error("no database is named: DATABASE_URL isn't set");
  return url;
}

/**
 * Runs `work` in one read-only transaction: a transaction pooler may be in between, so that time-outs can't be set when
 * connecting. After `signal` the connection is thrown away: one that hangs must not use up the pool. One that turns out to
 * be dead is replaced once: a pool learns of a failover only by using what it has.
 */
export async function readOnly<T>(pool: OpsPool, signal: AbortSignal, work: (db: Queryable) => Promise<T>): Promise<T> {
  try {
    return await readOnce(pool, signal, work);
  } catch (error) {
    if (signal.aborted || !endsSession(error)) throw error;
    return await readOnce(pool, signal, work);
  }
}

async function readOnce<T>(pool: OpsPool, signal: AbortSignal, work: (db: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let released = false;
  const release = (broken: boolean): void => {
    if (!released) client.release(broken);
    released = true;
  };
  if (signal.aborted) release(false);
  signal.throwIfAborted();
  const giveUp = (): void => release(true);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await client.query(
      `begin isolation level repeatable read, read only; set local statement_timeout = ${STATEMENT_MS}; ` +
        `set local lock_timeout = ${STATEMENT_MS}`,
    );
    const found = await work({
      query: async <Row extends object>(text: string, values?: unknown[]) => {
        const { rows, rowCount } = await client.query(text, values);
        return { rows: rows as Row[], rowCount };
      },
    });
    await client.query("commit");
    release(false);
    return found;
  } catch (error) {
    release(true);
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
