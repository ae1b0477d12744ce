import { EXIT } from "../../contract/exit-code.ts";
import { formatDuration } from "../../contract/duration.ts";
import { LOCK_KEY } from "../../contract/lock.ts";
import type { Blocker } from "../../contract/run.ts";
import type { RunContext } from "../context.ts";
import { Failure } from "../failure.ts";
import { jittered, sleep } from "../sleep.ts";
import { stopwatch } from "../stopwatch.ts";
import { findHolder } from "./holder.ts";
import type { Holder } from "./holder.ts";
import type { Queryable } from "./queryable.ts";

const LONGEST_PAUSE_MS = 1_000;
const TELL_EVERY_MS = 5_000;

/**
 * Polls for the advisory lock in autocommit: a backend that blocks in `pg_advisory_lock` keeps a snapshot that deadlocks
 * with the holder's CREATE INDEX CONCURRENTLY. Resolves to the wait in ms. Rejects with RUNNER_LOCK_TIMEOUT, which names the
 * holder, after `waitMs`; with what aborted the signal is the caller's business: it resolves to null then.
 */
export async function acquireLock(
  main: Queryable,
  watcher: Queryable,
  waitMs: number,
  context: RunContext,
): Promise<number | null> {
  const elapsed = stopwatch();
  let pause = 50;
  let toldAt = -TELL_EVERY_MS;
  while (!context.signal.aborted) {
    const { rows } = await main.query<{ locked: boolean }>(
      `select pg_catalog.pg_try_advisory_lock(${LOCK_KEY}) as locked`,
    );
    if (rows[0]?.locked === true) return elapsed();
    if (elapsed() >= waitMs) throw lockTimeout(await seenHolder(watcher), elapsed());
    if (elapsed() - toldAt >= TELL_EVERY_MS) {
      toldAt = elapsed();
      context.onEvent({ type: "waiting-for-lock", waitedMs: elapsed(), holder: await quietHolder(watcher) });
    }
    await sleep(Math.min(jittered(pause), Math.max(1, waitMs - elapsed())), context.signal);
    pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5);
  }
  return null;
}

/** Gives the lock back. Ending the session would do it too, but later. */
export async function releaseLock(main: Queryable): Promise<void> {
  await main.query(`select pg_catalog.pg_advisory_unlock(${LOCK_KEY})`);
}

/** A second connection that has gone silent must not hold the polling up, ms. */
const LOOK_MS = 1_000;

/** Null too where there is no second connection to ask by. */
async function seenHolder(watcher: Queryable): Promise<Holder | null> {
  const late = new AbortController();
  const nobody = sleep(LOOK_MS, late.signal).then(() => null);
  const holder = await Promise.race([findHolder(watcher).catch(() => null), nobody]);
  late.abort();
  return holder;
}

async function quietHolder(watcher: Queryable): Promise<Omit<Holder, "query"> | null> {
  const holder = await seenHolder(watcher);
  if (holder === null) return null;
  const { query: _query, ...rest } = holder;
  return rest;
}

function lockTimeout(holder: Holder | null, waitedMs: number): Failure {
  const who = holder === null ? "another session" : `pid ${holder.pid} (${describe(holder)})`;
  return new Failure(
    "RUNNER_LOCK_TIMEOUT",
    EXIT.lockTimeout,
    `waited ${formatDuration(waitedMs)} for the migration lock; it is held by ${who}`,
    {
      hint:
        "Another runner is at work: wait for it, or raise --lock-wait. `lockkeeper unlock` shows the holder and how to end it." +
        (holder?.state === null ? " To see what it does, GRANT pg_read_all_stats to the migrating role." : ""),
      blockers: holder === null ? [] : [asBlocker(holder)],
    },
  );
}

function describe(holder: Holder): string {
  const { application, user, state, ageMs } = holder;
  const activity = state === null || ageMs === null ? state : `${state} for ${formatDuration(ageMs)}`;
  const known = [application ?? user, activity].filter((part) => part !== null && part !== "");
  return known.length === 0 ? "its activity is hidden from this role" : known.join(", ");
}

const asBlocker = (holder: Holder): Blocker => ({
  pid: holder.pid,
  user: holder.user,
  application: holder.application,
  state: holder.state,
  transactionAge: holder.ageMs === null ? null : formatDuration(holder.ageMs),
  relation: null,
  mode: "ExclusiveLock",
  preparedTransaction: null,
});
