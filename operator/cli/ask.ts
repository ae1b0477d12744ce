/** What the API server says no to, in words that a person can act on. */
import { EXIT } from "../../contract/exit-code.ts";
import { GROUP, PLURAL } from "../../contract/resource/names.ts";
import { ApiError } from "../api/api.ts";
import { pause, systemClock } from "../clock.ts";
import { CliFailure, invalid } from "./failure.ts";

const RETRY_MS = 1_000;
/** A server that restarts is back by then; a wrong address isn't waited for. */
const PATIENCE_MS = 30_000;

/** What the command needs, for the sentence that tells which right lacks: `patch databasemigrations.lockkeeper.dev`. */
export type Need = { verbs: string; resource: string; namespace: string | null };

export const MIGRATION_NAME = `${PLURAL}.${GROUP}`;

/**
 * Asks, for up to 30 s while the server doesn't answer; `told` is called when that begins. Throws a CliFailure for what
 * asking again doesn't change, but for the statuses in `leave`, which are the caller's.
 */
export async function asked<Answer>(
  ask: () => Promise<Answer>,
  need: Need,
  how: { signal: AbortSignal; leave?: readonly string[]; told?: (text: string) => void },
): Promise<Answer> {
  const { signal, leave = [], told } = how;
  const until = performance.now() + PATIENCE_MS;
  for (let tries = 0; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted || !(error instanceof ApiError) || leave.includes(error.reason)) throw error;
      if (!mayPass(error) || performance.now() > until) throw refusal(error, need);
      if (tries === 0) told?.(`the API server doesn't answer: ${error.said}`);
      await pause(systemClock, RETRY_MS, signal);
      signal.throwIfAborted();
    }
  }
}

const mayPass = (error: ApiError): boolean =>
  (error.status === 0 && !error.message.includes("no credentials")) ||
  error.status === 429 ||
  (error.status >= 500 && !isOfInput(error));

/** What a server-side apply holds against a field that isn't in the schema, or has another type, comes as a 500. */
const isOfInput = ({ said }: ApiError): boolean => said.includes("failed to create typed patch object");

/** The failure that an answer stands for. */
export function refusal(error: ApiError, { verbs, resource, namespace }: Need): CliFailure {
  const where = namespace === null ? "in all namespaces" : `in the namespace ${namespace}`;
  if (isOfInput(error)) return invalid(error.said, "", error);
  switch (error.reason) {
    case "Unauthorized":
      return invalid(
        "the API server doesn't accept the credentials (401)",
        "Log in again; kubectl auth whoami tells who you are.",
        error,
      );
    case "Forbidden":
      return invalid(
        `not allowed: ${error.said}`,
        `This needs the right to ${verbs} ${resource} ${where} (docs/kubectl.md).`,
        error,
      );
    case "Invalid":
    case "BadRequest":
      return invalid(error.said, "", error);
    case "NotFound":
      if (error.said.includes("could not find the requested resource") && resource.endsWith(GROUP)) {
        return invalid(`the cluster doesn't know ${resource}`, "Install the chart lockkeeper, or its CRD.", error);
      }
      return invalid(error.said, "", error);
    default:
      break;
  }
  if (error.status === 0 || error.status === 429 || error.status >= 500) {
    return new CliFailure(
      EXIT.unreachable,
      error.message,
      "Look at --kubeconfig and --context, and whether kubectl reaches it.",
      error,
    );
  }
  return invalid(error.message, "", error);
}
