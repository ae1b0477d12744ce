import type { IncomingHttpHeaders } from "node:http";

/** What a client asked for. */
export type ProxiedRequest = {
  /** Counts from 1. */
  number: number;
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Empty for none. */
  body: string;
  /** Whether it is a watch. */
  watch: boolean;
};

/** What is done with a request. */
export type Action =
  /** Passed on, maybe later, maybe with more in its query or headers (`impersonate-user`: with another's rights). */
  | { pass: true; delay?: number; query?: Record<string, string>; headers?: Record<string, string> }
  /** Answered here; the server never sees it. */
  | { status: number; headers?: Record<string, string>; body?: unknown }
  /** The connection is closed before the server sees it. */
  | { drop: true }
  /** The server carries it out, but after so many bytes of the answer's body the connection breaks; 0: not even a status. */
  | { cutAfter: number }
  /** The same, but the connection stays open and nothing comes any more. `stalled` is called when it is so. */
  | { stallAfter: number; stalled?: () => void }
  /** Nothing is done with it, and nothing comes: a black hole. */
  | { silent: true };

/** The first rule that doesn't say null decides. */
export type Rule = (request: ProxiedRequest) => Action | null;
