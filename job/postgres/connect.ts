import { EXIT } from "../../contract/exit-code.ts";
import { formatDuration } from "../../contract/duration.ts";
import type { RunContext } from "../context.ts";
import { Failure } from "../failure.ts";
import type { ConnectionSettings } from "../settings.ts";
import { jittered, sleep } from "../sleep.ts";
import { stopwatch } from "../stopwatch.ts";
import { openSession, UnsupportedServer } from "./session.ts";
import type { Session } from "./session.ts";
import { isServerError, SQLSTATE } from "./sqlstate.ts";

/** Socket errors that go away by themselves while a server, its name or its network comes up. */
const PASSING = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
]);
const PASSING_SQLSTATES = new Set<string>([
  SQLSTATE.cannotConnectNow,
  SQLSTATE.tooManyConnections,
  "57P01",
  "57P02",
  "08006",
]);

/**
 * A session with a server that takes writes. Waits `connectWaitMs` for one that can't be reached or is starting; a wrong
 * password, database or certificate isn't waited for; a standby is, where a failover may be under way. Rejects with a
 * Failure (exit 14; 13 for what a setting causes).
 */
export async function connect(
  settings: ConnectionSettings,
  role: "main" | "second",
  context: RunContext,
  waitMs: number = settings.connectWaitMs,
  standby: "refused" | "waited-for" = "refused",
): Promise<Session> {
  const elapsed = stopwatch();
  for (let attempt = 1; ; attempt++) {
    try {
      const session = await openSession(settings, role, context.signal);
      if (role === "main") await refuseReadOnly(session);
      return session;
    } catch (error) {
      const promoting = standby === "waited-for" && error instanceof Failure && error.code === "READ_ONLY";
      if (error instanceof Failure && !promoting) throw error;
      if (context.signal.aborted) throw unreachable(error, elapsed());
      if (!promoting && !isPassing(error)) throw refused(error);
      const pause = jittered(Math.min(2_000, 100 * 2 ** attempt));
      if (elapsed() + pause > waitMs) throw promoting ? error : unreachable(error, elapsed());
      context.onEvent({ type: "connecting", attempt, reason: connectionReason(error) });
      await sleep(pause, context.signal);
    }
  }
}

function isPassing(error: unknown): boolean {
  if (isServerError(error)) return PASSING_SQLSTATES.has(error.code);
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  if (!(first instanceof Error)) return false;
  const code = "code" in first && typeof first.code === "string" ? first.code : "";
  return PASSING.has(code) || /^timeout expired$|^no answer|^Connection terminated/.test(first.message);
}

/** What went wrong with a connection, for people, without what could be secret: `pg`'s messages hold no password. */
export function connectionReason(error: unknown): string {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  if (!(first instanceof Error)) return "unknown error";
  return first.message === "timeout expired" ? "no answer within 5 s" : first.message;
}

function unreachable(error: unknown, waitedMs: number): Failure {
  return new Failure(
    "UNREACHABLE",
    EXIT.unreachable,
    `the database can't be reached: ${connectionReason(error)} (tried for ${formatDuration(waitedMs)})`,
    {
      hint: "Check host and port in DATABASE_URL, and that the server runs and may be reached from here.",
      cause: error,
    },
  );
}

function refused(error: unknown): Failure {
  if (error instanceof UnsupportedServer) return new Failure("CONNECTION_REFUSED", EXIT.invalidInput, error.message);
  const hints: Record<string, string> = {
    [SQLSTATE.invalidPassword]: "Check user and password; special characters in a URL's password are %-encoded.",
    "28000": "Check the user, and the server's pg_hba.conf for it.",
    "3D000": "Check the database's name at the end of the URL; Lockkeeper doesn't create databases.",
  };
  const hint =
    (isServerError(error) ? hints[error.code] : undefined) ??
    "Check the URL's user, database and TLS settings (sslmode, --ca-file).";
  const code = isServerError(error) ? ` (${error.code})` : "";
  return new Failure(
    "CONNECTION_REFUSED",
    EXIT.unreachable,
    `the connection was refused: ${connectionReason(error)}${code}`,
    {
      hint,
      cause: error,
    },
  );
}

/** A standby grants advisory locks, so a runner there would believe that it is alone: refused before the lock. */
async function refuseReadOnly(session: Session): Promise<void> {
  const { inRecovery, readOnly } = session.server;
  if (!inRecovery && !readOnly) return;
  await session[Symbol.asyncDispose]();
  throw new Failure(
    "READ_ONLY",
    EXIT.unreachable,
    inRecovery
      ? "the server is a standby: it can't be written to"
      : "the server's or role's default_transaction_read_only is on",
    {
      hint: inRecovery
        ? "Name the primary in DATABASE_URL: the read-write address that your provider gives."
        : "Lockkeeper doesn't override a read-only default: turn it off for this role or database, then run again.",
    },
  );
}
