import { formatDuration } from "../../contract/duration.ts";
import type { RunResult } from "../result.ts";

const MOST_NAMES = 10;
/** Every run waits a moment. */
const WORTH_TELLING_MS = 100;

/** A finished run in a few lines, for people. The failure itself is told by failure-text.ts. */
export function summary(result: RunResult): string {
  const lines = [headline(result)];
  if (result.lockWaitMs >= WORTH_TELLING_MS) lines.push(`  waited ${formatDuration(result.lockWaitMs)} for locks`);
  if (result.pending.length > 0) lines.push(`  pending: ${names(result.pending)}`);
  if (result.ahead.length > 0) lines.push(`  the database is ahead of this source by: ${names(result.ahead)}`);
  if (!result.telemetry.available && !result.disabled) {
    lines.push(`  not in the run log: ${result.telemetry.reason || "it is off"}`);
  }
  return lines.join("\n");
}

function headline(result: RunResult): string {
  const took = formatDuration(result.finishedAt.getTime() - result.startedAt.getTime());
  const nothing = result.applied.length === 0;
  const done = `${result.applied.length} ${DONE[result.command]}`;
  const level = result.versionAfter === null ? "nothing is applied" : `the schema is at ${result.versionAfter}`;
  switch (result.status) {
    case "SKIPPED":
    case "SUCCESS":
      if (result.disabled) return "SKIPPED: migrating is disabled by DB_MIGRATE_ENABLED=0; nothing was looked at";
      return nothing
        ? `Nothing to do: ${result.appliedTotal} of ${result.available} applied, ${level} (${took})`
        : `SUCCESS: ${done} in ${took}: ${names(result.applied)}; ${level} now`;
    case "LOCK_TIMEOUT":
    case "FAILED":
      return nothing
        ? `${result.status} after ${took}: no migration was ${DONE[result.command]}`
        : `${result.status} after ${took}: ${done} before that: ${names(result.applied)}`;
  }
}

const DONE = { migrate: "applied", down: "undone", baseline: "recorded" } as const;

/** The first names, and how many more there are. */
export function names(all: readonly string[]): string {
  const shown = all.slice(0, MOST_NAMES).join(", ");
  return all.length > MOST_NAMES ? `${shown} and ${all.length - MOST_NAMES} more` : shown;
}
