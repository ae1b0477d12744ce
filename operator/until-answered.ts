import { ApiError } from "./api/api.ts";
import { pause } from "./clock.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";

const RETRY_MS = 2_000;

/**
 * Asks the API server until it answers; null if the signal is aborted first. Throws its answer if that is a refusal that
 * asking again won't change.
 */
export async function untilAnswered<Answer>(
  { clock, log, signal }: { clock: Clock; log: Log; signal: AbortSignal },
  ask: () => Promise<Answer>,
): Promise<Answer | null> {
  while (!signal.aborted) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted) break;
      if (!(error instanceof ApiError) || !mayPass(error)) throw error;
      log.warn({ error }, "the API server doesn't answer yet");
    }
    await pause(clock, RETRY_MS, signal);
  }
  return null;
}

/** 401: a token that was just rotated, or a server that can't ask who we are. */
const mayPass = ({ status }: ApiError): boolean => status === 0 || status === 401 || status === 429 || status >= 500;
