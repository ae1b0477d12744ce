import type { RunError } from "../contract/run.ts";
import { EXIT } from "../contract/exit-code.ts";
import type { Ledger } from "./apply/task.ts";
import type { Facts } from "./facts.ts";
import type { Failure, Location } from "./failure.ts";
import type { RunResult } from "./result.ts";
import type { RunRow } from "./run-log/run-log.ts";
import type { RunSettings } from "./settings.ts";

type Times = { startedAt: Date; finishedAt: Date | null; failure: Failure | null };

/** The run's row in the log as things stand; RUNNING until it is finished. */
export function runRow(settings: RunSettings, facts: Facts, { startedAt, finishedAt, failure }: Times): RunRow {
  const { id, runner, source, host } = settings.run;
  return {
    id,
    status: finishedAt === null ? "RUNNING" : statusOf(facts, failure),
    runner,
    source,
    host,
    startedAt,
    finishedAt,
    lockWaitMs: facts.ledger.lockWaitMs,
    versionBefore: facts.versionBefore,
    versionAfter: finishedAt === null ? null : (facts.plan?.version ?? null),
    pending: pendingNames(facts),
    applied: [...facts.ledger.applied],
    error: failure === null ? null : runError(failure),
    blockers: failure?.details.blockers ?? [],
  };
}

/** What is left to do, also beyond `--to`: the log tells what the database lacks, not what this run was asked for. */
export const pendingNames = ({ plan }: Facts): string[] =>
  [...(plan?.pending ?? []), ...(plan?.later ?? [])].map(({ name }) => name);

/** Nothing to do is SKIPPED; a lock that could not be had is an outcome of its own. */
export function statusOf({ ledger }: Facts, failure: Failure | null): RunResult["status"] {
  if (failure !== null) return failure.exitCode === EXIT.lockTimeout ? "LOCK_TIMEOUT" : "FAILED";
  return changes(ledger) > 0 ? "SUCCESS" : "SKIPPED";
}

/** How many migrations the run has applied or reverted. */
export const changes = ({ applied, reverted }: Ledger): number => applied.length + reverted.length;

/** A failure for rows and reports: what, where and what to do, without the detail that can hold row data. */
export function runError({ code, message, details }: Failure): RunError {
  const { location } = details;
  // A source's own failure begins with its file and line.
  const where = location === undefined || message.includes(location.file) ? "" : ` (${placeText(location)})`;
  const hint = details.hint === undefined ? "" : `. ${details.hint}`;
  return { code, message: `${message}${where}${hint}`, migration: details.migration ?? null };
}

function placeText({ file, line, statement }: Location): string {
  const at = line === undefined ? file : `${file}:${line}`;
  return statement === undefined ? at : `${at}, statement ${statement}`;
}
