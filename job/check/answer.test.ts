import { expect, test } from "vitest";
import { opsPayload } from "../../test/check/stand-in.ts";
import { readAnswer } from "./answer.ts";
import type { Exchange } from "./exchange.ts";

const WHERE = "https://shop.example.com/api/ops/migrations";

const answered = (
  status: number,
  body: unknown,
  headers: Partial<Extract<Exchange, { kind: "answer" }>> = {},
): Exchange => ({
  kind: "answer",
  status,
  contentType: "application/json",
  location: "",
  retryAfter: "",
  body: typeof body === "string" ? body : JSON.stringify(body),
  ...headers,
});
const refused = (status: number, code: string, message: string): Exchange =>
  answered(status, { error: { code, message } });

test("an ops payload is read, of 200 and of 503", () => {
  expect(readAnswer(answered(200, opsPayload()), WHERE)).toMatchObject({ kind: "told", told: { status: "ok" } });
  expect(readAnswer(answered(503, opsPayload({ status: "critical" })), WHERE)).toMatchObject({
    told: { status: "critical" },
  });
});

test.each<[string, Exchange, { exitCode: number; heals: boolean; message: RegExp; hint: RegExp }]>([
  [
    "nobody listens",
    { kind: "failed", code: "ECONNREFUSED" },
    { exitCode: 14, heals: true, message: /can't be reached \(ECONNREFUSED\)/, hint: /DNS/ },
  ],
  [
    "a certificate of nobody's",
    { kind: "failed", code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    { exitCode: 14, heals: false, message: /^TLS with .* fails/, hint: /--ca-file/ },
  ],
  ["no answer in time", { kind: "late" }, { exitCode: 14, heals: true, message: /didn't answer in time/, hint: /log/ }],
  ["megabytes", { kind: "too-large", status: 200 }, { exitCode: 14, heals: false, message: /too much/, hint: /URL/ }],
  [
    "a page of HTML",
    answered(200, "<!doctype html>", { contentType: "text/html" }),
    { exitCode: 14, heals: true, message: /page of HTML/, hint: /URL/ },
  ],
  [
    "HTML without its type",
    answered(200, " <html>"),
    { exitCode: 14, heals: true, message: /page of HTML/, hint: /URL/ },
  ],
  [
    "other JSON",
    answered(200, { status: "up" }),
    { exitCode: 14, heals: true, message: /no ops payload: status isn't one of/, hint: /URL/ },
  ],
  [
    "a redirect",
    answered(302, "", { location: "https://evil.example/login?token=canary" }),
    {
      exitCode: 13,
      heals: false,
      message: /redirects to https:\/\/evil.example\/login \(302\), which isn't followed/,
      hint: /URL/,
    },
  ],
  [
    "a redirect to nowhere",
    answered(301, "", { location: "http://[" }),
    { exitCode: 13, heals: false, message: /redirects \(301\)/, hint: /URL/ },
  ],
  [
    "a bad question",
    refused(400, "BAD_REQUEST", "lookback\n: too long"),
    { exitCode: 13, heals: false, message: /refused the question: lookback : too long/, hint: /--lookback/ },
  ],
  [
    "a wrong token",
    refused(401, "UNAUTHORIZED", "canary"),
    { exitCode: 13, heals: false, message: /refused the token \(401\)/, hint: /OPS_MIGRATION_TOKEN/ },
  ],
  [
    "a forbidden token",
    answered(403, ""),
    { exitCode: 13, heals: false, message: /refused the token \(403\)/, hint: /OPS_MIGRATION_TOKEN/ },
  ],
  [
    "an endpoint without a token",
    refused(404, "NOT_FOUND", "there is nothing here"),
    { exitCode: 13, heals: false, message: /switched off \(404\)/, hint: /ops.tokenSecret/ },
  ],
  [
    "a router that knows no such path",
    answered(404, "default backend - 404"),
    { exitCode: 13, heals: true, message: /there is nothing at/, hint: /URL/ },
  ],
  [
    "a method that it doesn't know",
    answered(405, ""),
    { exitCode: 14, heals: false, message: /answered 405/, hint: /URL/ },
  ],
  [
    "too many questions",
    answered(429, "", { retryAfter: "7" }),
    { exitCode: 14, heals: true, message: /too often/, hint: /later/ },
  ],
  [
    "a proxy without its app",
    answered(502, "<html>Bad Gateway"),
    { exitCode: 14, heals: true, message: /answered 502/, hint: /a proxy before it/ },
  ],
  [
    "a 503 that is no payload",
    answered(503, "no upstream"),
    { exitCode: 14, heals: true, message: /answered 503/, hint: /a proxy before it/ },
  ],
])("%s is a problem that says what to do", (_, exchange, { exitCode, heals, message, hint }) => {
  const answer = readAnswer(exchange, WHERE);
  if (answer.kind !== "problem") throw new Error("it is none");
  expect(answer.failure).toMatchObject({
    exitCode,
    message: expect.stringMatching(message),
    details: { hint: expect.stringMatching(hint) },
  });
  expect(answer.heals).toBe(heals);
  expect(`${answer.failure.message}${answer.failure.details.hint}`).not.toMatch(/canary|[\n\r]/);
});

test("a pause that is asked for counts, if it is a number of seconds", () => {
  const pauseOf = (retryAfter: string) => readAnswer(answered(429, "", { retryAfter }), WHERE);
  expect(pauseOf("7")).toMatchObject({ pauseMs: 7_000 });
  expect(pauseOf("Wed, 21 Oct 2026 07:28:00 GMT")).toMatchObject({ pauseMs: 0 });
  expect(pauseOf("-1")).toMatchObject({ pauseMs: 0 });
  const busy = { error: { code: "BUSY", message: "too many" } };
  expect(readAnswer(answered(503, busy, { retryAfter: "5" }), WHERE)).toMatchObject({ heals: true, pauseMs: 5_000 });
});
