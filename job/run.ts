import { EXIT } from "../contract/exit-code.ts";
import { secretsOf } from "../contract/redact.ts";
import { cancelled, RunTimeout, SessionLost } from "./apply/interrupt.ts";
import { attempt } from "./attempt.ts";
import type { Work } from "./attempt.ts";
import type { RunContext } from "./context.ts";
import { noFacts } from "./facts.ts";
import type { Facts } from "./facts.ts";
import { Failure } from "./failure.ts";
import type { History } from "./history/history.ts";
import { openHistory } from "./history/open.ts";
import { connect } from "./postgres/connect.ts";
import { connectAhead, connectBoth } from "./postgres/connect-both.ts";
import type { Queryable } from "./postgres/queryable.ts";
import type { RunResult } from "./result.ts";
import { openRecorder } from "./run-log/recorder.ts";
import { withinTime } from "./run-log/reason.ts";
import type { Recorder } from "./run-log/recorder.ts";
import type { RunRow } from "./run-log/run-log.ts";
import { changes, pendingNames, runError, runRow, statusOf } from "./run-row.ts";
import type { RunSettings } from "./settings.ts";
import type { Source } from "./source/migration.ts";
import { readSource } from "./source/source.ts";

/** A server that was there and is lost is waited for so many times as long: it restarts, or another takes over. */
const RECONNECT_WAITS = 4;
/** So many lost connections in a row without one more migration: something ends them each time. */
const MOST_LOSSES = 4;

/**
 * Runs a command that changes the database, to its end, whatever happens on the way; never rejects for what a user can
 * cause. A connection that was lost with a commit unknown is settled by the next attempt: it takes the lock, which waits
 * for the old backend's end, and then reads the history.
 */
export async function run(
  command: RunResult["command"],
  settings: RunSettings,
  given: RunContext,
  work: Work,
): Promise<RunResult> {
  const startedAt = given.now();
  const facts = noFacts();
  await using limit = limited(given, settings.runTimeoutMs);
  const { context } = limit;
  const recorder = recorderOnce(settings, facts, context);
  const failure = await failureOf(context, async () => {
    // The server is connected to while the folder is read: most of that time is spent waiting.
    const ahead = connectAhead(settings.connection, context);
    const { source, history } = await readFolder(settings, context).catch(async (error: unknown) => {
      await ahead.abandon();
      throw error;
    });
    facts.source = source;
    facts.warnings.push(...source.warnings);
    for (const message of source.warnings) context.onEvent({ type: "warning", code: "SOURCE", message });
    for (let losses = 0, connected = ahead.both; ;) {
      const before = changes(facts.ledger);
      try {
        return await attempt(
          { settings, context, source, history, facts, startedAt, recorderFor: recorder.over, connected },
          work,
        );
      } catch (error) {
        if (!(error instanceof SessionLost) || context.signal.aborted) throw error;
        losses = changes(facts.ledger) > before ? 1 : losses + 1;
        if (losses >= MOST_LOSSES) throw keepsBreaking(error, losses);
        context.onEvent({ type: "reconnecting", reason: error.message });
        const { connection } = settings;
        connected = connectBoth(connection, context, RECONNECT_WAITS * connection.connectWaitMs, "waited-for");
      }
    }
  });
  const finishedAt = given.now();
  if (failure !== null) await recorder.end(runRow(settings, facts, { startedAt, finishedAt, failure }));
  return resultOf(command, settings, facts, { startedAt, finishedAt, failure });
}

/** The migrations, and the history that goes with them. */
async function readFolder(
  settings: RunSettings,
  { signal }: RunContext,
): Promise<{ source: Source; history: History }> {
  const { dir, format } = settings.source;
  const source = await readSource({ dir, format, signal });
  return { source, history: openHistory(settings.history, source) };
}

/** The context with the run's own time limit. */
function limited(given: RunContext, runTimeoutMs: number): { context: RunContext } & AsyncDisposable {
  const controller = new AbortController();
  const pass = (): void => controller.abort(given.signal.reason);
  if (given.signal.aborted) pass();
  else given.signal.addEventListener("abort", pass, { once: true });
  const timer =
    runTimeoutMs === 0 ? undefined : setTimeout(() => controller.abort(new RunTimeout(runTimeoutMs)), runTimeoutMs);
  return {
    context: { ...given, signal: controller.signal },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      given.signal.removeEventListener("abort", pass);
    },
  };
}

/** What the work failed with. After an abort whatever broke off is that abort, unless it was told better already. */
async function failureOf({ signal }: RunContext, work: () => Promise<void>): Promise<Failure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    const passing = !(error instanceof Failure) || error.code === "UNREACHABLE";
    if (signal.aborted && passing) return cancelled(signal);
    if (error instanceof Failure) return error;
    throw error;
  }
}

function keepsBreaking(error: SessionLost, losses: number): Failure {
  return new Failure(
    "UNREACHABLE",
    EXIT.unreachable,
    `the connection was lost ${losses} times in a row: ${error.message}`,
    {
      hint: "Look into the server's log for what ends the session: a crash, the memory killer, an administrator, a proxy's time-out.",
      cause: error,
    },
  );
}

/** How long a run whose sessions are lost tries to say in the log how it ended, ms. */
const LAST_WORD_MS = 1_000;

/**
 * One recorder for all attempts: the run keeps its row when its connections are new. `end` is for a run that lost its
 * session for good: its row must not stay RUNNING where the server can be reached, and that takes no lock.
 */
function recorderOnce(settings: RunSettings, facts: Facts, { onEvent, now }: RunContext) {
  let db: Queryable | null = null;
  const recorder = openRecorder({
    db: () => db,
    settings: settings.runLog,
    secrets: secretsOf(settings.connection.url),
    onWarning: (reason) => {
      const message = `telemetry is unavailable: ${reason}`;
      facts.warnings.push(message);
      onEvent({ type: "warning", code: "TELEMETRY", message });
    },
  });
  const lastWord = async (row: RunRow): Promise<void> => {
    const quiet = { signal: AbortSignal.timeout(LAST_WORD_MS), now, onEvent: () => undefined };
    await using session = await connect(settings.connection, "second", quiet, 0);
    db = session;
    await recorder.finish(row);
  };
  return {
    over: (current: Queryable): Recorder => {
      db = current;
      return recorder;
    },
    end: async (row: RunRow): Promise<void> => {
      if (!recorder.isOpen()) return;
      await withinTime(lastWord(row), LAST_WORD_MS).catch(() => undefined);
      facts.telemetry = recorder.telemetry();
    },
  };
}

function resultOf(
  command: RunResult["command"],
  settings: RunSettings,
  facts: Facts,
  { startedAt, finishedAt, failure }: { startedAt: Date; finishedAt: Date; failure: Failure | null },
): RunResult {
  const { plan, ledger, source } = facts;
  return {
    runId: settings.run.id,
    command,
    status: statusOf(facts, failure),
    disabled: false,
    exitCode: failure?.exitCode ?? EXIT.done,
    startedAt,
    finishedAt,
    lockWaitMs: ledger.lockWaitMs,
    versionBefore: facts.versionBefore,
    versionAfter: plan?.version ?? null,
    available: source?.migrations.length ?? 0,
    appliedTotal: plan?.applied.length ?? 0,
    applied: command === "down" ? [...ledger.reverted] : [...ledger.applied],
    pending: pendingNames(facts),
    ahead: (plan?.ahead ?? []).map(({ name }) => name),
    drift: [
      ...(plan?.drifted ?? []).map(({ migration }) => migration.name),
      ...(plan?.missing ?? []).map(({ name }) => name),
    ],
    error: failure === null ? null : runError(failure),
    failure,
    blockers: failure?.details.blockers ?? [],
    telemetry: facts.telemetry,
    database: facts.database,
    digest: source?.digest ?? "",
    warnings: facts.warnings,
  };
}
