import type { IncomingMessage } from "node:http";
import { ApiError } from "./api.ts";
import { Broken, titleOf } from "./exchange.ts";
import type { Call } from "./exchange.ts";

/** The largest answer that is read, in bytes. */
const LARGEST = 64 * 1024 * 1024;
const LARGEST_ERROR = 64 * 1024;
const LONGEST_MESSAGE = 1_024;
/** How long an answer may pause, in ms. */
const PAUSE = 15_000;

/** The whole answer as JSON. Rejects like `exchange`, and for an answer that is too large or no JSON. */
export async function readJson<Answer>(call: Call, answer: IncomingMessage): Promise<Answer> {
  const body = await readBody(call, answer, LARGEST);
  try {
    return JSON.parse(body.toString()) as Answer;
  } catch (error) {
    const type = answer.headers["content-type"] ?? "no type";
    const text = `${titleOf(call)}: the answer is no JSON but ${type.slice(0, 100)}; is this an API server?`;
    throw new ApiError(answer.statusCode ?? 0, "InvalidAnswer", text, error);
  }
}

/** What the server says in an answer of status 400 or more; by the status alone where it says nothing that's known. */
export async function readError(call: Call, answer: IncomingMessage): Promise<ApiError> {
  const code = answer.statusCode ?? 0;
  const body = await readBody(call, answer, LARGEST_ERROR).catch(() => Buffer.alloc(0));
  return errorOf(call, code, parsed(body.toString()));
}

/** The error that a Status object stands for, from an answer's body or a watch's ERROR event. */
export function errorOf(call: Pick<Call, "method" | "path">, code: number, status: unknown): ApiError {
  const { reason, message } = (typeof status === "object" && status !== null ? status : {}) as Record<string, unknown>;
  const word = typeof reason === "string" && /^[A-Za-z]{1,64}$/.test(reason) ? reason : (REASONS[code] ?? "Unknown");
  const text = typeof message === "string" && message !== "" ? message : "it didn't say why";
  const error = new ApiError(code, word, bounded(`${titleOf(call)}: the API server answered ${code} ${word}: ${text}`));
  error.said = bounded(text);
  return error;
}

async function readBody(call: Call, answer: IncomingMessage, largest: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const pause = setTimeout(() => answer.destroy(new Error(`the answer stopped for ${PAUSE / 1_000} s`)), PAUSE);
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      pause.refresh();
      chunks.push(chunk);
      size += chunk.length;
      if (size > largest) {
        const text = `${titleOf(call)}: the answer is larger than ${largest} bytes`;
        throw new ApiError(answer.statusCode ?? 0, "AnswerTooLarge", text);
      }
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    call.signal?.throwIfAborted();
    throw new Broken(call, false, error);
  } finally {
    clearTimeout(pause);
  }
  return Buffer.concat(chunks, size);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a load balancer's page
  }
}

function bounded(text: string): string {
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE - 1)}…`;
}

const REASONS: Record<number, string> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  409: "Conflict",
  410: "Expired",
  413: "RequestEntityTooLarge",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};
