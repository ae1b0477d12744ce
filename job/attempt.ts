import { EXIT } from "../contract/exit-code.ts";
import { secretsOf } from "../contract/redact.ts";
import { cancelled, SessionLost } from "./apply/interrupt.ts";
import { abortable } from "./apply/send.ts";
import type { Line } from "./apply/send.ts";
import type { RunContext } from "./context.ts";
import type { Facts } from "./facts.ts";
import { Failure } from "./failure.ts";
import { giveUpAfterAbort } from "./give-up.ts";
import type { History } from "./history/history.ts";
import type { Both } from "./postgres/connect-both.ts";
import { acquireLock, releaseLock } from "./postgres/lock.ts";
import { refusePooler } from "./postgres/pooler.ts";
import { queryFailure } from "./postgres/query-failure.ts";
import { endsSession, isServerError } from "./postgres/sqlstate.ts";
import { cleanSession } from "./postgres/session.ts";
import type { Queryable } from "./postgres/queryable.ts";
import type { Session } from "./postgres/session.ts";
import { openWatcher } from "./postgres/watcher.ts";
import type { Watcher } from "./postgres/watcher.ts";
import type { Plan } from "./plan.ts";
import { makePlan } from "./plan.ts";
import { changes, runRow } from "./run-row.ts";
import type { Recorder } from "./run-log/recorder.ts";
import { withinTime } from "./run-log/reason.ts";
import { recordFinished } from "./run-log/record-finished.ts";
import type { RunSettings } from "./settings.ts";
import type { Source } from "./source/migration.ts";

/** What a command has while it holds the lock. */
export type Held = {
  line: Line;
  settings: RunSettings;
  context: RunContext;
  source: Source;
  history: History;
  facts: Facts;
  recorder: Recorder;
  /** Reads the history and compares it with the source; the facts know it from then on. */
  replan(): Promise<Plan>;
};

export type Work = (held: Held) => Promise<void>;

export type Attempt = {
  settings: RunSettings;
  context: RunContext;
  source: Source;
  history: History;
  facts: Facts;
  startedAt: Date;
  recorderFor(db: Queryable): Recorder;
  connected: Promise<Both>;
};

/**
 * One try of a command, from connecting to the release of the lock: connect, look for a pooler, poll for the lock, RUNNING
 * row, repair, work, log, release. Rejects with a Failure, or with SessionLost when the session ended on the way.
 */
export async function attempt(given: Attempt, work: Work): Promise<void> {
  const { settings, context, facts } = given;
  const { connection } = settings;
  // Without a second session there is no log but its last word, and nobody to ask who blocks; migrating works.
  const { main: session, second } = await given.connected;
  const watcher = openWatcher(second, connection, context);
  await using _session = session;
  await using _watcher = watcher;
  using _giveUp = giveUpAfterAbort(context.signal, [() => session.destroy(), () => watcher.session()?.destroy()]);
  const { database: name, databaseOid: oid, systemIdentifier, versionText, user } = session.server;
  facts.database = { systemIdentifier, name, oid };
  context.onEvent({ type: "connected", serverVersion: versionText, database: name, user, host: session.client.host });
  try {
    if (connection.checkPooler && second !== null) await checkPooler(session, second);
    await lock(given, session, watcher);
    await underLock(given, session, watcher, work);
  } catch (error) {
    if (error instanceof Failure || error instanceof SessionLost) throw error;
    // What ended the session tells more than a query that found it ended; the server's last word comes before the end.
    const lost = session.lost() ?? (isServerError(error) && endsSession(error) ? error : null);
    throw lost === null ? error : new SessionLost(lost);
  }
}

/** A second connection that is lost on the way leaves the check undone: it is made by the next attempt. */
async function checkPooler(main: Session, second: Session): Promise<void> {
  try {
    await refusePooler(main, second);
  } catch (error) {
    const lost = second.lost() ?? (isServerError(error) && endsSession(error) ? error : null);
    throw error instanceof Failure || lost === null ? error : new SessionLost(lost);
  }
}

async function lock(
  { settings, context, facts, startedAt }: Attempt,
  session: Session,
  watcher: Watcher,
): Promise<void> {
  try {
    const waited = await acquireLock(session, watcher, settings.lock.waitMs, context);
    if (waited === null) throw cancelled(context.signal);
    facts.ledger.lockWaitMs += waited;
    context.onEvent({ type: "locked", waitedMs: waited });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === "RUNNER_LOCK_TIMEOUT") facts.ledger.lockWaitMs += settings.lock.waitMs;
    const row = runRow(settings, facts, { startedAt, finishedAt: context.now(), failure: error });
    facts.telemetry = await recordFinished(watcher, settings.runLog, row, secretsOf(settings.connection.url));
    throw error;
  }
}

const HEARTBEAT_MS = 10_000;
/** How long an aborted attempt tries to say in the log how it ended, ms. */
const LAST_WORD_MS = 1_000;

async function underLock(given: Attempt, session: Session, watcher: Watcher, work: Work): Promise<void> {
  const { settings, context, source, history, facts, startedAt } = given;
  const recorder = given.recorderFor(watcher);
  const line: Line = { session, watcher, signal: context.signal, onEvent: context.onEvent };
  const main = abortable(line);
  /** For the first plan: what is read while the run's row is written. */
  let ahead: ReturnType<History["read"]> | null = null;
  const replan = async (): Promise<Plan> => {
    const db = context.signal.aborted ? session : main;
    // What a migration left behind, a role or a time-out, must not decide what can be read.
    if (facts.plan !== null) await db.query(cleanSession(session.server.version));
    const reading = ahead ?? history.read(db);
    ahead = null;
    const rows = await reading;
    facts.matched = history.match(source, rows);
    const plan = makePlan(source, facts.matched, planOptions(settings));
    facts.versionBefore ??= facts.plan === null ? plan.version : null;
    facts.plan = plan;
    return plan;
  };
  let failure: Failure | null = null;
  let bug: Error | null = null;
  const heartbeat = setInterval(
    () => void recorder.update({ applied: [...facts.ledger.applied], lockWaitMs: facts.ledger.lockWaitMs }),
    HEARTBEAT_MS,
  );
  try {
    const row = runRow(settings, facts, { startedAt, finishedAt: null, failure: null });
    // The second connection looks for the log and writes the row while the main one looks for the history and reads it.
    const ensured = history.ensure(main);
    void recorder.prepare(session, ensured);
    ahead = ensured.then(async () => await history.read(main));
    // Told when the plan is made of it.
    ahead.catch(() => undefined);
    const [orphans] = await Promise.all([recorder.start(row, session.pid), ensured]);
    for (const runId of orphans) context.onEvent({ type: "orphan-repaired", runId });
    await work({ line, settings, context, source, history, facts, recorder, replan });
  } catch (error) {
    if (error instanceof Failure) failure = error;
    else if (context.signal.aborted) failure = cancelled(context.signal);
    else if (isServerError(error) && !endsSession(error)) failure = queryFailure(error);
    else if (error instanceof SessionLost || isServerError(error) || session.lost() !== null) throw error;
    else failure = bugFailure((bug = error instanceof Error ? error : new Error(String(error))));
  } finally {
    clearInterval(heartbeat);
  }
  // What the history says now is the truth, whatever was planned; one that could not be read before isn't asked again. A
  // session that is gone can't be asked; after a failure the run ends all the same, and its row must not stay RUNNING.
  const changed = changes(facts.ledger) > 0 || (failure !== null && facts.plan !== null);
  if (changed)
    await replan().catch((error: unknown) => (failure === null ? Promise.reject(error as Error) : undefined));
  // The last word is said on the main connection where the second is down: the row must not stay RUNNING.
  const on = !isLive(watcher.session()) && isLive(session) ? session : watcher;
  const written = given
    .recorderFor(on)
    .finish(runRow(settings, facts, { startedAt, finishedAt: context.now(), failure }));
  await (context.signal.aborted ? withinTime(written, LAST_WORD_MS).catch(() => undefined) : written);
  facts.telemetry = recorder.telemetry();
  // The run is logged: a session that ends now gives the lock back all the same.
  await Promise.all([recorder.prune(), releaseLock(session).catch(() => undefined)]);
  if (bug !== null) throw bug;
  if (failure !== null) throw failure;
}

/** For the run's row only: what is thrown is the bug itself. */
const bugFailure = ({ message }: Error): Failure => new Failure("BUG", EXIT.bug, `a bug in Lockkeeper: ${message}`);

const isLive = (session: Session | null): boolean => session !== null && session.lost() === null;

export const planOptions = (settings: RunSettings) => ({
  to: settings.source.to,
  allowDrift: settings.allowDrift,
  allowOutOfOrder: settings.allowOutOfOrder,
});
