import { expect, test } from "vitest";
import { standIn } from "../../test/check/stand-in.ts";
import type { Respond } from "../../test/check/stand-in.ts";
import { exchange } from "./exchange.ts";
import type { Sent } from "./exchange.ts";

const sent = (url: string, changes: Partial<Sent> = {}): Sent => ({
  url: new URL(url),
  method: "GET",
  headers: {},
  ca: null,
  timeoutMs: 30_000,
  maxBytes: 1_000,
  signal: new AbortController().signal,
  ...changes,
});

async function answerOf(respond: Respond, changes: Partial<Sent> = {}) {
  await using server = await standIn(respond);
  return await exchange(sent(server.origin, changes));
}

test("what is asked and answered goes over the wire whole", async () => {
  await using server = await standIn((_, outgoing) => void outgoing.writeHead(418, { "retry-after": "3" }).end("é"));
  const found = await exchange(
    sent(`${server.origin}/a?b=c`, { method: "POST", body: "hello", headers: { "x-one": "1" } }),
  );
  expect(found).toMatchObject({ kind: "answer", status: 418, body: "é", retryAfter: "3" });
  expect(server.asked).toMatchObject([{ method: "POST", url: "/a?b=c", body: "hello", headers: { "x-one": "1" } }]);
});

test("a redirect is an answer, and where it points to isn't asked", async () => {
  await using other = await standIn((_, outgoing) => void outgoing.end());
  const found = await answerOf((_, outgoing) => void outgoing.writeHead(307, { location: other.origin }).end());
  expect(found).toMatchObject({ kind: "answer", status: 307, location: other.origin });
  expect(other.asked).toEqual([]);
});

test("an answer without end is read no further than is allowed", async () => {
  const endless: Respond = (_, outgoing) => {
    const more = (): void => void outgoing.write("x".repeat(600), () => outgoing.destroyed || setImmediate(more));
    more();
  };
  expect(await answerOf(endless)).toEqual({ kind: "too-large", status: 200 });
});

test.each<[string, Respond]>([
  ["nothing", () => undefined],
  ["half a body", (_, outgoing) => void outgoing.writeHead(200, { "content-length": "9" }).write("half")],
])("whoever answers with %s is given up after the time", async (_, respond) => {
  expect(await answerOf(respond, { timeoutMs: 200 })).toEqual({ kind: "late" });
});

test("a connection that breaks is told by its code alone", async () => {
  expect(await answerOf((_, outgoing) => void outgoing.destroy())).toEqual({ kind: "failed", code: "ECONNRESET" });
  expect(await exchange(sent("http://127.0.0.1:1/secret"))).toEqual({ kind: "failed", code: "ECONNREFUSED" });
  const half: Respond = (_, outgoing) =>
    void outgoing.writeHead(200, { "content-length": "9" }).write("half", () => outgoing.destroy());
  expect(await answerOf(half)).toMatchObject({ kind: "failed" });
});

test("it is cancelled with its signal's reason", async () => {
  const controller = new AbortController();
  const asking = answerOf(() => controller.abort("SIGTERM"), { signal: controller.signal });
  await expect(asking).rejects.toBe("SIGTERM");
});
