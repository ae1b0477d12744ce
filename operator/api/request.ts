import type { IncomingMessage } from "node:http";
import { readError, readJson } from "./answer.ts";
import { ApiError } from "./api.ts";
import type { Api, LinesOptions } from "./api.ts";
import type { Connection } from "./connect.ts";
import { Broken, titleOf } from "./exchange.ts";
import type { Call } from "./exchange.ts";
import { LineTooLong, linesOf } from "./lines.ts";
import { sendUntilTaken } from "./retry.ts";
import type { Sent } from "./retry.ts";

/** Told of each answer to a request: its `Date` header, and `now()` of before it was asked for. */
export type Heard = (date: string | undefined, askedAt: number) => void;

/** The API server behind a connection. */
export function createApi(connection: Connection, clock?: { now: () => number; heard: Heard }, sent?: Sent): Api {
  async function* lines(call: Call, { longestLine, opened }: LinesOptions) {
    const answer = await sendUntilTaken(connection, call, accepted(call), sent);
    try {
      opened?.();
      yield* linesOf(answer, longestLine);
    } catch (error) {
      call.signal?.throwIfAborted();
      if (!(error instanceof LineTooLong)) throw new Broken(call, false, error);
      throw new ApiError(answer.statusCode ?? 0, "LineTooLong", `${titleOf(call)}: ${error.message}`, error);
    } finally {
      answer.destroy();
    }
    // A stream that was ended from this side can look like one that came to its end.
    call.signal?.throwIfAborted();
  }

  return {
    async request<Answer>(method: Call["method"], path: string, options: Parameters<Api["request"]>[2] = {}) {
      const { query, body, patch, signal } = options;
      const text = body === undefined ? null : JSON.stringify(body);
      const call = { method, path, query, body: text, patch, signal, streams: false };
      const answered = accepted(call);
      const askedAt = clock?.now() ?? 0;
      const read = async (answer: IncomingMessage): Promise<Answer> => {
        clock?.heard(answer.headers.date, askedAt);
        return await readJson<Answer>(call, await answered(answer));
      };
      return await sendUntilTaken(connection, call, read, sent);
    },
    lines(path, options) {
      const { query, signal } = options;
      return lines({ method: "GET", path, query, body: null, patch: undefined, signal, streams: true }, options);
    },
  };
}

/** Throws what the answer says if it isn't a success. */
const accepted = (call: Call) => async (answer: IncomingMessage) => {
  if ((answer.statusCode ?? 0) >= 300) throw await readError(call, answer);
  return answer;
};
