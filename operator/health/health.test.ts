import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { Term } from "../leader/term.ts";
import type { Leading } from "../leader/term.ts";
import { cachesSynced, eventLoop, leader, notStopping, wallClock, watchesFresh } from "./checks.ts";
import { startPulse } from "./pulse.ts";
import { serveHealth } from "./server.ts";

async function setUp() {
  const clock = fakeClock();
  const pulse = startPulse(clock);
  const stopping = new AbortController();
  const state = { leading: null as Leading | null, synced: true, freshAt: clock.now() };
  const caches = { isSynced: () => state.synced, freshAt: () => state.freshAt };
  const server = await serveHealth({
    port: 0,
    checks: {
      "/healthz": [eventLoop(pulse), wallClock(pulse), leader(() => state.leading, clock)],
      "/readyz": [notStopping(stopping.signal), cachesSynced(caches), watchesFresh(caches, clock)],
    },
  });
  onTestFinished(async () => {
    pulse.stop();
    await server[Symbol.asyncDispose]();
  });
  const ask = async (path: string, method = "GET", body = "") => {
    const asked = request({ port: server.port, path, method, host: "127.0.0.1" }).end(body);
    const response = await new Promise<IncomingMessage>((resolve, reject) =>
      asked.on("response", resolve).on("error", reject),
    );
    return { status: response.statusCode, headers: response.headers, text: await text(response) };
  };
  return { clock, pulse, stopping, state, server, ask };
}

test("a healthy replica that stands by says so, a line for each check", async () => {
  const { ask } = await setUp();
  expect(await ask("/healthz")).toMatchObject({
    status: 200,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
    text: "ok event-loop: 0 ms late\nok clock: steady\nok leader: standing by\n",
  });
  expect(await ask("/readyz")).toMatchObject({
    status: 200,
    text: "ok process: running\nok caches: synced\nok watches: heard of the API server 0 ms ago\n",
  });
});

test("an event loop that is late by more than 10 s is unhealthy until its timers come in time again", async () => {
  const { clock, ask } = await setUp();
  await clock.pass(5_500);
  clock.freeze(10_000);
  expect((await ask("/healthz")).status).toBe(200);
  clock.freeze(1_000);
  const { status, text: told } = await ask("/healthz");
  expect(status).toBe(503);
  expect(told.split("\n")[0]).toBe("failed event-loop: 10500 ms late");
  await clock.pass(0);
  expect((await ask("/healthz")).status).toBe(503);
  await clock.pass(1_000);
  expect((await ask("/healthz")).status).toBe(200);
});

test("a clock that jumped is told, and nothing fails for it", async () => {
  const { clock, ask } = await setUp();
  await clock.pass(2_000);
  clock.jump(-600_000);
  await clock.pass(121_000);
  const { status, text: told } = await ask("/healthz");
  expect(status).toBe(200);
  expect(told).toContain("ok clock: jumped back by 10m, 2m ago");
});

test("a clock that is corrected bit by bit is steady", async () => {
  const { clock, ask } = await setUp();
  for (let second = 0; second < 100; second++) {
    clock.jump(50);
    await clock.pass(1_000);
  }
  expect((await ask("/healthz")).text).toContain("ok clock: steady");
});

test("a leader is healthy while its lease is valid, as asked at that moment", async () => {
  const { clock, state, ask } = await setUp();
  state.leading = new Term(clock, clock.now() + 10_000);
  expect((await ask("/healthz")).text).toContain("ok leader: leading, for 10 s at least");
  clock.freeze(10_000);
  const { status, text: told } = await ask("/healthz");
  expect(status).toBe(503);
  expect(told).toContain("failed leader: the lease is over");
});

test("it isn't ready before the caches are synced, when a watch is silent for 2 minutes, and when it stops", async () => {
  const { clock, stopping, state, ask } = await setUp();
  Object.assign(state, { synced: false, freshAt: -Infinity });
  expect(await ask("/readyz")).toMatchObject({
    status: 503,
    text: "failed caches: not synced yet\nfailed watches: nothing heard yet\nok process: running\n",
  });
  Object.assign(state, { synced: true, freshAt: clock.now() });
  await clock.pass(119_000);
  expect((await ask("/readyz")).status).toBe(200);
  await clock.pass(1_000);
  expect((await ask("/readyz")).text).toContain("failed watches: heard of the API server 2m ago");
  state.freshAt = clock.now();
  stopping.abort();
  expect((await ask("/readyz")).text).toContain("failed process: stopping");
});

test("what isn't a path of it is 404, another method 405, and neither keeps the connection", async () => {
  const { ask } = await setUp();
  for (const path of ["/", "/healthz/", "/metrics", "/constructor", "//healthz", "/healthz%00"]) {
    expect(await ask(path)).toMatchObject({ status: 404, headers: { connection: "close" } });
  }
  for (const method of ["HEAD", "POST", "DELETE"]) {
    const given = method === "POST" ? "x".repeat(100_000) : "";
    expect(await ask("/healthz", method, given)).toMatchObject({ status: 405, headers: { allow: "GET" } });
  }
  expect((await ask("/healthz?verbose=1")).status).toBe(200);
});

test.each([
  ["what isn't HTTP", "nonsense\r\n\r\n", "400"],
  ["headers without end", `GET /healthz HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`, "431"],
])("%s is refused, and the next one is answered", async (_, sent, status) => {
  const { server, ask } = await setUp();
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(sent);
  expect(await text(socket)).toContain(`HTTP/1.1 ${status}`);
  expect((await ask("/healthz")).status).toBe(200);
});

test("a port that is taken is told by its number", async () => {
  const { server } = await setUp();
  const second = serveHealth({ port: server.port, checks: { "/healthz": [], "/readyz": [] } });
  await expect(second).rejects.toMatchObject({
    message: `Port ${server.port} for /healthz and /readyz can't be had (EADDRINUSE).`,
    hint: "Set LOCKKEEPER_HEALTH_PORT to a free one.",
  });
});

test("closing doesn't wait for who keeps a connection open", async () => {
  const { server } = await setUp();
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("connect", resolve));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  await server[Symbol.asyncDispose]();
  await closed;
  expect(socket.destroyed).toBe(true);
});
