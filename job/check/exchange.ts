import { request as plain } from "node:http";
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { request as secure } from "node:https";

export type Sent = {
  url: URL;
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  /** PEM; null: the certificates that Node trusts. */
  ca: string | null;
  /** For all of it, name look-up and body included. */
  timeoutMs: number;
  maxBytes: number;
  signal: AbortSignal;
};

/** What came of one request. Redirects are answers: following one would take a secret elsewhere. */
export type Exchange =
  | { kind: "answer"; status: number; contentType: string; location: string; retryAfter: string; body: string }
  | { kind: "too-large"; status: number }
  | { kind: "late" }
  /** A code of Node's or of TLS, such as ECONNREFUSED: its message may have the URL in it. */
  | { kind: "failed"; code: string };

/** Sends one request, on a connection of its own, and reads its answer within those bounds. Rejects only if cancelled. */
export async function exchange(sent: Sent): Promise<Exchange> {
  const { url, method, headers, body, ca, timeoutMs, signal } = sent;
  signal.throwIfAborted();
  const timer = AbortSignal.timeout(timeoutMs);
  const options: RequestOptions & { ca?: string } = {
    method,
    headers: { ...headers, connection: "close", "accept-encoding": "identity" },
    signal: AbortSignal.any([signal, timer]),
    ...(ca === null ? {} : { ca }),
  };
  try {
    const outgoing = url.protocol === "https:" ? secure(url, options) : plain(url, options);
    outgoing.end(body);
    return await read(await answered(outgoing), sent.maxBytes);
  } catch (error) {
    signal.throwIfAborted();
    if (timer.aborted) return { kind: "late" };
    return { kind: "failed", code: codeOf(error) };
  }
}

async function answered(outgoing: ClientRequest): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    outgoing.on("response", resolve);
    // It stays: what breaks while the body is read is told here, too.
    outgoing.on("error", reject);
  });
}

async function read(incoming: IncomingMessage, maxBytes: number): Promise<Exchange> {
  const { statusCode: status = 0, headers } = incoming;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) {
      incoming.destroy();
      return { kind: "too-large", status };
    }
    chunks.push(chunk);
  }
  const { location = "", "content-type": contentType = "", "retry-after": retryAfter = "" } = headers;
  return { kind: "answer", status, contentType, location, retryAfter, body: Buffer.concat(chunks).toString("utf8") };
}

/** All addresses of a name may have refused: then the first one's code. */
function codeOf(error: unknown): string {
  const first = error instanceof AggregateError ? (error.errors as unknown[])[0] : error;
  const code = first instanceof Error && "code" in first ? String(first.code) : "";
  return /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : "an error without a code";
}
