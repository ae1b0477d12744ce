/** What is served, over real connections: to who asks as one should, and to who doesn't. */
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { opsApp, TOKEN } from "./ops.fixture.ts";
import { serveOps } from "./server.ts";

const PATH = "/api/ops/migrations";

async function setUp(given: Parameters<typeof opsApp>[0] = {}) {
  const world = opsApp(given);
  world.caches.resource("web", { telemetry: { available: true, reason: "" } });
  const server = await serveOps(0, world.app);
  onTestFinished(async () => await server[Symbol.asyncDispose]());
  type Sent = { method?: string; headers?: Record<string, string | string[]>; body?: string; from?: string };
  const ask = async (
    path: string,
    { method = "GET", headers = { authorization: `Bearer ${TOKEN}` }, body = "", from = "127.0.0.1" }: Sent = {},
  ) => {
    const options = { port: server.port, path, method, headers, host: "127.0.0.1", localAddress: from };
    const asked = request({ ...options, agent: false }).end(body);
    const answer = await new Promise<IncomingMessage>((resolve, reject) =>
      asked.on("response", resolve).on("error", reject),
    );
    return { status: answer.statusCode ?? 0, headers: answer.headers, text: await text(answer) };
  };
  /** Sends bytes as they are, and gives all that comes back. */
  const raw = async (sent: string): Promise<string> => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.end(sent);
    return await text(socket);
  };
  return { ...world, ask, raw, server };
}

test("the endpoint answers with the token, and says how large it is", async () => {
  const { ask } = await setUp();
  const { status, headers, text: body } = await ask(PATH);
  expect(status).toBe(200);
  expect(headers["content-length"]).toBe(String(body.length));
  expect(JSON.parse(body)).toMatchObject({ status: "ok", migrations: [{ name: "web" }] });
  expect(await ask(PATH, { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
});

test("without a token there is no endpoint, and /metrics all the same", async () => {
  const { ask } = await setUp({ token: null });
  for (const path of [PATH, "/api/ops/openapi.json", "/", "/api/ops"]) expect((await ask(path)).status, path).toBe(404);
  const metrics = await ask("/metrics", { headers: {} });
  expect(metrics.headers["content-type"]).toMatch(/^text\/plain/);
  expect(metrics.text).toContain('lockkeeper_ready{namespace="shop",name="web"} 0');
});

test.each<[string, Record<string, string | string[]>]>([
  ["none", {}],
  ["an empty one", { authorization: "" }],
  ["a wrong one of the same length", { authorization: `Bearer ${"x".repeat(TOKEN.length)}` }],
  ["a part of it", { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
  ["it twice in one header", { authorization: `Bearer ${TOKEN} ${TOKEN}` }],
  ["it in two headers", { authorization: [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`] }],
  ["a wrong one, and then it", { authorization: ["Bearer x", `Bearer ${TOKEN}`] }],
  ["it, and then a wrong one", { authorization: [`Bearer ${TOKEN}`, "Bearer x"] }],
  ["it in another header", { "x-authorization": `Bearer ${TOKEN}`, cookie: `token=${TOKEN}` }],
  ["one of 7 KB", { authorization: `Bearer ${"x".repeat(7_000)}` }],
])("with %s as its token it is a 401", async (_, headers) => {
  const { ask } = await setUp();
  expect(await ask(PATH, { headers })).toMatchObject({
    status: 401,
    headers: { "www-authenticate": expect.any(String) },
  });
  expect((await ask(`${PATH}?token=${TOKEN}`, { headers: {} })).status).toBe(401);
});

test("a token longer than a request may be is a 431, and the next request is answered", async () => {
  const { ask } = await setUp();
  expect((await ask(PATH, { headers: { authorization: `Bearer ${"x".repeat(10_000)}` } })).status).toBe(431);
  expect((await ask(`${PATH}?${"x".repeat(10_000)}`)).status).toBe(431);
  expect((await ask(PATH)).status).toBe(200);
});

test("other methods are refused, whatever they send", async () => {
  const { ask } = await setUp();
  for (const path of [PATH, "/metrics", "/api/ops/openapi.json"]) {
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]) {
      const sent = method === "POST" ? { body: "x".repeat(100_000) } : {};
      const answer = await ask(path, { method, ...sent });
      expect(answer, `${method} ${path}`).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    }
  }
});

test("no trick with the path leads elsewhere", async () => {
  const { ask, raw } = await setUp();
  const paths = [
    ...[
      "//api/ops/migrations",
      `${PATH}/`,
      `${PATH}//`,
      `${PATH}/..`,
      "/api/ops/migrations%00",
      "/api/ops%2fmigrations",
    ],
    ...[
      "/API/OPS/MIGRATIONS",
      "/metrics/",
      "/metrics/../etc/passwd",
      "/..%2f..%2fetc/passwd",
      "/constructor",
      "/__proto__",
    ],
    ...["/%", "/%zz", "/api/ops/migrations;a=b", "/healthz", "/readyz", "*"],
  ];
  for (const path of paths) {
    const { status, text: body } = await ask(path);
    expect([400, 404], path).toContain(status);
    expect(body, path).not.toContain('migrations":[');
  }
  for (const line of [
    "GET http://evil.test/metrics HTTP/1.1",
    "GET /metrics/..\\..\\x HTTP/1.1",
    "CONNECT x:1 HTTP/1.1",
  ]) {
    expect(await raw(`${line}\r\nhost: x\r\nconnection: close\r\n\r\n`), line).not.toMatch(/passwd|root:/);
  }
  for (const host of ["", "a b", "x/../y", "[::1", `${"h".repeat(300)}:99999`, "x@y"]) {
    expect(await raw(`GET ${PATH} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`), host).toMatch(
      /HTTP\/1.1 40[01] /,
    );
  }
  expect((await ask(PATH)).status).toBe(200);
});

test.each([
  ["what isn't HTTP", "nonsense\r\n\r\n"],
  ["two lengths", `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n`],
  [
    "a length and chunks",
    `POST ${PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
])("%s is refused", async (_, sent) => {
  const { ask, raw } = await setUp();
  expect(await raw(sent)).toContain("HTTP/1.1 400");
  expect((await ask(PATH)).status).toBe(200);
});

test("who guesses tokens is put off, and who has the token elsewhere isn't", async () => {
  const { ask, clock } = await setUp();
  expect((await ask(PATH, { from: "127.0.0.9" })).status).toBe(200);
  const headers = { authorization: "Bearer wrong-wrong-wrong-wrong" };
  const statuses: number[] = [];
  for (let guess = 0; guess < 10; guess++) statuses.push((await ask(PATH, { headers })).status);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429, 429, 429]);
  // Not even the right one tells that it is: otherwise it could be guessed on.
  expect(await ask(PATH)).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
  expect((await ask(PATH, { from: "127.0.0.9" })).status).toBe(200);
  clock.freeze(1_000);
  expect((await ask(PATH)).status).toBe(200);
});

test("a header that names another address doesn't change who asks", async () => {
  const { ask } = await setUp();
  for (let guess = 0; guess < 6; guess++) {
    const headers = {
      authorization: "Bearer x",
      "x-forwarded-for": `10.0.0.${guess}`,
      forwarded: `for=10.0.0.${guess}`,
    };
    await ask(PATH, { headers });
  }
  expect((await ask(PATH, { headers: { "x-forwarded-for": "10.1.1.1" } })).status).toBe(429);
});

test("the token is in no answer and no metric", async () => {
  const { ask, errors } = await setUp();
  for (const path of [PATH, `${PATH}?${TOKEN}=1`, "/metrics", "/api/ops/openapi.json", "/x"]) {
    const { text: body, headers } = await ask(path);
    const own = path.includes(TOKEN) ? body.replaceAll(TOKEN, "") : body;
    expect(own + JSON.stringify(headers), path).not.toContain(TOKEN);
  }
  expect(errors).toEqual([]);
});

test("while slow readers hold as much as may be held, others are told to wait", async () => {
  const { ask } = await setUp({ hold: () => false });
  for (const path of [PATH, "/metrics"]) {
    expect(await ask(path)).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect((await ask(path)).text).toContain('"code":"BUSY"');
  }
  expect((await ask("/api/ops/openapi.json")).status).toBe(200);
});

test("a port that is taken is told by its number", async () => {
  const { app, server } = await setUp();
  await expect(serveOps(server.port, app)).rejects.toMatchObject({
    message: `Port ${server.port} for the ops endpoint and /metrics can't be had (EADDRINUSE).`,
    hint: "Set LOCKKEEPER_OPS_PORT to a free one.",
  });
});

test("one address has half of the connections at most", async () => {
  const { server, ask } = await setUp();
  const sockets = Array.from({ length: 140 }, () => connect(server.port, "127.0.0.1").on("error", () => undefined));
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  let closed = 0;
  await Promise.race(sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve).resume())));
  for (const socket of sockets) socket.once("close", () => closed++);
  expect((await ask(PATH, { from: "127.0.0.2" })).status).toBe(200);
  await new Promise((resolve) => setImmediate(resolve));
  expect(sockets.filter(({ destroyed }) => !destroyed).length).toBeLessThanOrEqual(128);
});
