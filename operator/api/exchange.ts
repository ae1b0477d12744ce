import { request as httpRequest } from "node:http";
import type { ClientRequest, IncomingMessage, RequestOptions as NodeOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { ApiError } from "./api.ts";
import type { Method, PatchType, Query } from "./api.ts";
import type { Connection } from "./connect.ts";

/** One request as it goes over the wire. */
export type Call = {
  method: Method;
  path: string;
  query: Query | undefined;
  /** JSON, or null for none. */
  body: string | null;
  patch: PatchType | undefined;
  signal: AbortSignal | undefined;
  /** Whether the answer is a stream without an end of its own. */
  streams: boolean;
};

/** How long the server may take to begin its answer, in ms. */
const ANSWER_WITHIN = 15_000;

const PATCH_TYPES = {
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
  apply: "application/apply-patch+yaml",
} as const satisfies Record<PatchType, string>;

/** The connection broke. `safe`: most likely before the server saw the request, so that any may be sent again. */
export class Broken extends ApiError {
  readonly safe: boolean;

  constructor(call: Call, safe: boolean, cause: unknown) {
    super(0, "Unreachable", `${titleOf(call)}: the API server can't be reached: ${textOf(cause)}`, cause);
    this.safe = safe;
  }
}

/**
 * Sends it once and resolves with the beginning of the answer, of whatever status; its body is the caller's to read or to
 * destroy. Rejects with Broken, with an ApiError of reason `Unreachable`, or with the signal's reason.
 */
export async function exchange(connection: Connection, call: Call): Promise<IncomingMessage> {
  const { headers, agent, streams } = await connection.credentials().catch((error: unknown) => {
    throw new ApiError(
      0,
      "Unreachable",
      `${titleOf(call)}: no credentials for the API server: ${textOf(error)}`,
      error,
    );
  });
  call.signal?.throwIfAborted();
  const body = call.body === null ? null : Buffer.from(call.body);
  const type = call.method === "PATCH" ? PATCH_TYPES[call.patch ?? "merge"] : "application/json";
  const options: NodeOptions = {
    method: call.method,
    agent: call.streams ? streams : agent,
    headers: { ...headers, ...(body === null ? {} : { "content-type": type, "content-length": body.length }) },
  };
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = connection.server.protocol === "http:" ? httpRequest : httpsRequest;
  const request = send(new URL(targetOf(connection.server, call), connection.server), options, resolve);
  request.on("error", (error) => reject(new Broken(call, isUnseen(request, error), error)));
  if (call.streams) request.setSocketKeepAlive(true, 30_000);

  const late = setTimeout(() => {
    const seconds = ANSWER_WITHIN / 1_000;
    reject(new ApiError(0, "Unreachable", `${titleOf(call)}: the API server didn't answer for ${seconds} s`));
    request.destroy();
  }, ANSWER_WITHIN);
  const abort = () => {
    reject(call.signal?.reason as Error);
    request.destroy();
  };
  call.signal?.addEventListener("abort", abort);
  // Not at the answer's beginning: aborting must also end its body.
  request.once("close", () => call.signal?.removeEventListener("abort", abort));
  request.end(body);
  try {
    const answer = await promise;
    answer.on("error", () => {}); // told to whoever reads it; while nobody does, it must not end the program
    return answer;
  } finally {
    clearTimeout(late);
  }
}

/** What it is called in errors: method and path, without the query, which can be long. */
export const titleOf = ({ method, path }: Pick<Call, "method" | "path">): string => `${method} ${path.slice(0, 300)}`;

/** A server behind a path (Rancher's clusters are) keeps it. */
function targetOf(server: URL, { path, query = {} }: Call): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const search = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return `${server.pathname.replace(/\/$/, "")}${path}${search === "" ? "" : `?${search}`}`;
}

/**
 * The server closes a kept connection when it pleases, maybe just when we use it again; then it has most likely read nothing
 * of the request. Where it has, a second write must do no harm: ours have names and resourceVersions of their own.
 */
function isUnseen(request: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

function textOf(error: unknown): string {
  const { message, code } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { message: "", code: undefined };
  return (message || code || String(error)).slice(0, 300);
}
