/** What the rest of the operator knows of the API server: requests of raw JSON, and streams of lines. */

export type Query = Record<string, string | number | boolean | undefined>;

export type PatchType = "merge" | "strategic" | "json" | "apply";

export type RequestOptions = {
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  /** Only of a PATCH; always named, because the server's own choice differs by client. */
  patch?: PatchType;
  signal?: AbortSignal;
};

export type LinesOptions = { query?: Query; signal: AbortSignal; longestLine: number; opened?: () => void };

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export type Api = {
  /**
   * One request, answered by the parsed JSON. 429 and 503 are tried again after what Retry-After says, with a bound in
   * number and time; a read also after a connection that broke, and a write after a kept connection that broke before an
   * answer: so a second create may say AlreadyExists. Rejects with an ApiError for every other status from 400 on, and for a server that can't be reached
   * or doesn't go on for 15 s; with the signal's reason when it is aborted.
   */
  request<Answer>(method: Method, path: string, options?: RequestOptions): Promise<Answer>;
  /**
   * The answer's lines, as they come, for a watch or a log. Ends when the server ends it; throws an ApiError for a status
   * from 400 on (429 and 503 after tries), for a broken connection and for a line longer than `longestLine` bytes; the
   * signal's reason when it is aborted. Leaving the loop or aborting closes the connection. A stream that is silent is
   * the caller's to judge. `opened` is called when the server has begun to answer.
   */
  lines(path: string, options: LinesOptions): AsyncIterable<string>;
};

/**
 * The API server's answer that isn't a success, or no answer. `status` is the HTTP status, 0 for none; `reason` the
 * server's own word (`NotFound`, `AlreadyExists`, `Conflict`, `Expired`, `Forbidden`) or `Unreachable`.
 */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  /** The server's own words, without what was asked of it; the whole message where it said nothing. */
  said: string;

  constructor(status: number, reason: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ApiError";
    this.status = status;
    this.reason = reason;
    this.said = message;
  }
}

/** Whether it is the API server's answer of that reason: `is(error, "NotFound")`. */
export const isApiError = (error: unknown, reason: string): error is ApiError =>
  error instanceof ApiError && error.reason === reason;
