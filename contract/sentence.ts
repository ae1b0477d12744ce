import { formatDuration } from "./duration.ts";
import type { Blocker } from "./run.ts";

/** More names than this make a sentence that nobody reads; the run log has them all. */
const MOST_NAMED = 3;

export type LockWait = {
  migration: string;
  waitedMs: number;
  /** `schema.table`; null when a row or a transaction was waited for. */
  relation: string | null;
  blockers: readonly Blocker[];
  /** In how many tries it waited that long altogether. */
  tries?: number;
};

/** Who blocks, as `blocked by pid 812 (web, idle in transaction for 4m)`; "" when nobody was seen. */
export function blockedBy(blockers: readonly Blocker[]): string {
  if (blockers.length === 0) return "";
  const named = blockers.slice(0, MOST_NAMED).map(describeBlocker);
  const rest = blockers.length - named.length;
  return `blocked by ${listed(rest === 0 ? named : [...named, `${rest} more`])}`;
}

/** `0042_add_index waited 5 s for public.orders; blocked by pid 812 (web, idle in transaction for 4m)`. */
export function lockTimeoutSentence({ migration, waitedMs, relation, blockers, tries = 1 }: LockWait): string {
  const inTries = tries === 1 ? "" : ` in ${tries} tries`;
  const waited = `${migration} waited ${formatDuration(waitedMs)} for ${relation ?? "a lock"}${inTries}`;
  return `${waited}; ${blockedBy(blockers) || "who blocked it was gone before it could be seen"}`;
}

/** What to do about it: how the first blocker is ended, or which right would show what it does. */
export function blockedHint(blockers: readonly Blocker[]): string {
  const first = blockers[0];
  if (first === undefined) return "Run it again; a longer --lock-timeout or more --lock-retries give it more chances.";
  if (first.preparedTransaction !== null) {
    const gid = first.preparedTransaction.replaceAll("'", "''");
    return `End the prepared transaction with COMMIT PREPARED '${gid}' or ROLLBACK PREPARED '${gid}', then run again.`;
  }
  const hidden = isHidden(first) ? " To see what it does, GRANT pg_read_all_stats to the migrating role." : "";
  return `Run it again when that transaction has ended, or end it: select pg_terminate_backend(${first.pid}).${hidden}`;
}

/** Another role's activity is hidden without `pg_read_all_stats`: then the state is null although there is a pid. */
const isHidden = (blocker: Blocker): boolean => blocker.pid !== 0 && blocker.state === null;

/** Who it is, as `pid 812 (web, idle in transaction for 4m)`. */
export function describeBlocker(blocker: Blocker): string {
  if (blocker.preparedTransaction !== null) return `the prepared transaction '${blocker.preparedTransaction}'`;
  const who = blocker.application || blocker.user;
  const about = [who, activity(blocker)].filter((part) => part !== null && part !== "");
  return about.length === 0 ? `pid ${blocker.pid}` : `pid ${blocker.pid} (${about.join(", ")})`;
}

function activity({ state, transactionAge }: Blocker): string | null {
  if (state === null) return transactionAge === null ? null : `in a transaction for ${transactionAge}`;
  return transactionAge === null ? state : `${state} for ${transactionAge}`;
}

function listed(parts: string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}
