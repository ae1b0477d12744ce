import { EXIT } from "../contract/exit-code.ts";
import type { RunContext } from "./context.ts";
import { Failure } from "./failure.ts";
import { connect } from "./postgres/connect.ts";
import type { Session } from "./postgres/session.ts";
import { isServerError, SQLSTATE } from "./postgres/sqlstate.ts";
import type { ConnectionSettings } from "./settings.ts";
import { stopped } from "./stopped.ts";

/**
 * Runs `work` on a connection of its own that takes no lock and also looks at a standby. When the signal is aborted the
 * connection is dropped and the promise rejects. Rejects with a Failure for whatever the server or the network does.
 */
export async function look<Found>(
  connection: ConnectionSettings,
  context: RunContext,
  work: (session: Session) => Promise<Found>,
): Promise<Found> {
  await using session = await connect(connection, "second", context);
  const drop = (): void => session.destroy();
  context.signal.addEventListener("abort", drop, { once: true });
  try {
    return await work(session);
  } catch (error) {
    if (context.signal.aborted) throw stopped(context.signal);
    throw readFailure(error, session);
  } finally {
    context.signal.removeEventListener("abort", drop);
  }
}

function readFailure(error: unknown, session: Session): unknown {
  if (error instanceof Failure) return error;
  if (isServerError(error)) {
    if (error.code === SQLSTATE.insufficientPrivilege) {
      return new Failure(
        "PERMISSION",
        EXIT.invalidInput,
        `the role ${session.server.user} lacks a right: ${error.message}`,
        {
          hint: "GRANT USAGE on the schema and SELECT on the table, or connect as the role that migrates.",
          cause: error,
        },
      );
    }
    return new Failure(error.code, EXIT.unreachable, `the database refused to be read: ${error.message}`, {
      cause: error,
    });
  }
  const lost = session.lost();
  if (lost === null) return error;
  return new Failure("UNREACHABLE", EXIT.unreachable, `the connection was lost: ${lost.message}`, { cause: error });
}
