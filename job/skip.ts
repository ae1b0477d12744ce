import { secretsOf } from "../contract/redact.ts";
import type { RunContext } from "./context.ts";
import { earlyResult } from "./early-result.ts";
import { connect } from "./postgres/connect.ts";
import { recordFinished } from "./run-log/record-finished.ts";
import { TELEMETRY_OFF, withinTime } from "./run-log/reason.ts";
import type { RunResult } from "./result.ts";
import type { RunSettings } from "./settings.ts";

/** A web process that must not migrate must not wait for it either. */
const MOST_MS = 2_000;

type Telemetry = RunResult["telemetry"];

/**
 * The result of a run that `DB_MIGRATE_ENABLED=0` forbids: SKIPPED, exit code 0. It is put into the run log if that is
 * there and answers within 2 s; nothing is created for it, and it never fails. `settings` is null where they can't be
 * used: a disabled run doesn't care.
 */
export async function skipDisabled(
  settings: RunSettings | null,
  run: { runId: string; startedAt: Date },
  context: RunContext,
): Promise<RunResult> {
  const result = earlyResult({ ...run, command: "migrate", finishedAt: context.now(), failure: null });
  const telemetry =
    settings === null
      ? { available: false, reason: "no database is known" }
      : await withinTime(record(settings, result, context), MOST_MS).catch(notRecorded);
  return { ...result, finishedAt: context.now(), telemetry };
}

async function record(settings: RunSettings, result: RunResult, { signal, now }: RunContext): Promise<Telemetry> {
  if (!settings.runLog.enabled) return { available: false, reason: TELEMETRY_OFF };
  const quiet = { signal, now, onEvent: () => undefined };
  await using session = await connect(settings.connection, "second", quiet, 0);
  const { runner, source, host } = settings.run;
  const row = { ...result, id: result.runId, runner, source, host };
  return await recordFinished(session, settings.runLog, row, secretsOf(settings.connection.url));
}

const notRecorded = (error: unknown): Telemetry => ({
  available: false,
  reason: error instanceof Error ? error.message : String(error),
});
