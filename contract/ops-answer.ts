import { createHash, timingSafeEqual } from "node:crypto";
import { OpsQuery } from "./ops.ts";
import type { Observed } from "./ops-observed.ts";
import { makePayload } from "./ops-payload.ts";

/** Guessing a shorter token over the network is a matter of patience. */
export const TOKEN_MIN_LENGTH = 16;

/** Where an answer comes from: the operator's caches, or a run log. */
export type OpsBackend = {
  /** The token that is right at this moment; null where none is configured. */
  token: () => Promise<string | null>;
  /** Never rejects for a database that is down: that is an `Observed` that isn't reachable. */
  answer: (query: OpsQuery, takes: Takes) => Promise<OpsAnswer>;
};

/** What whoever asks can read. */
export type Takes = { gzip: boolean };

/**
 * What is known, as JSON. `body` may be given to many. `gzip`: whether it is compressed, where that depends on what whoever
 * asks takes.
 */
export type OpsAnswer = {
  status: 200 | 503;
  body: string | Uint8Array<ArrayBuffer>;
  gzip?: boolean;
};

/** Everything that is observed, as the answer to that query. Pure. */
export function answerOf(observed: readonly Observed[], query: OpsQuery, now: Date): OpsAnswer {
  const payload = makePayload(observed, query, now);
  return { status: payload.status === "critical" ? 503 : 200, body: JSON.stringify(payload) };
}

/** The answer of who doesn't know yet. */
export const notReady = (message: string): OpsAnswer => ({ status: 503, body: errorText("NOT_READY", message) });

/**
 * `GET /api/ops/migrations`: 200 for ok and warning, 503 for critical, 400 for a parameter that there isn't or that is out
 * of range, 401 without the right token, 404 where no token is configured, 405 for anything but GET and HEAD. What is
 * refused says nothing about databases. No answer may be kept by a cache.
 */
export async function answerOps(request: Request, { token, answer }: OpsBackend): Promise<Response> {
  const head = request.method === "HEAD";
  const wanted = await token();
  if (wanted === null) return refusal(head, 404, "NOT_FOUND", "there is nothing here");
  if (!head && request.method !== "GET") {
    return refusal(head, 405, "METHOD_NOT_ALLOWED", "use GET or HEAD", { allow: "GET, HEAD" });
  }
  if (!isRight(bearerOf(request.headers.get("authorization")), wanted)) {
    return refusal(head, 401, "UNAUTHORIZED", "send the token as Authorization: Bearer TOKEN", {
      "www-authenticate": 'Bearer realm="lockkeeper"',
    });
  }
  const query = readQuery(new URL(request.url).searchParams);
  if (typeof query === "string") return refusal(head, 400, "BAD_REQUEST", query);
  const takes = { gzip: takesGzip(request.headers.get("accept-encoding")) };
  const { status, body, gzip } = await answer(query, takes);
  if (gzip === undefined) return json(head, status, body);
  return json(head, status, body, { vary: "accept-encoding", ...(gzip ? { "content-encoding": "gzip" } : {}) });
}

/** `gzip;q=0` says that it isn't taken. */
const takesGzip = (header: string | null): boolean =>
  /(^|,)\s*gzip\s*(;\s*q=(1(\.0{0,3})?|0\.\d*[1-9]\d*)\s*)?(,|$)/i.test((header ?? "").slice(0, 200));

const bearerOf = (header: string | null): string => /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? "";

/**
 * Whether that is the token. Digests have one length and are compared in constant time: an answer's time tells nothing about
 * the token.
 */
export const isRight = (given: string, wanted: string): boolean =>
  timingSafeEqual(digest(given), digest(wanted)) && given !== "";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** The query, or what is wrong with it. */
function readQuery(parameters: URLSearchParams): OpsQuery | string {
  const known = Object.keys(OpsQuery.shape);
  const names = [...parameters.keys()];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) return `there is no parameter ${show(unknown)}: use ${known.join(", ")}`;
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `${twice} is given twice`;
  const parsed = OpsQuery.safeParse(Object.fromEntries(parameters));
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}

const show = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);

/** A refusal, and why: `{ "error": { "code", "message" } }`. */
export const refusal = (
  head: boolean,
  status: number,
  code: string,
  message: string,
  headers?: Record<string, string>,
): Response => json(head, status, errorText(code, message), headers);

const errorText = (code: string, message: string): string => JSON.stringify({ error: { code, message } });

function json(head: boolean, status: number, body: OpsAnswer["body"], headers: Record<string, string> = {}): Response {
  return new Response(head ? null : body, {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}
