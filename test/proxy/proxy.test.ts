import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../postgres/server.ts";
import type { Server } from "../postgres/server.ts";
import { startProxy } from "./proxy.ts";
import type { ProxyOptions } from "./proxy.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer({ version: 18 });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const through = async (options: Omit<ProxyOptions, "target">) => {
  const proxy = await startProxy({ ...options, target: { host: "127.0.0.1", port: server.port } });
  const url = new URL(server.url);
  url.port = String(proxy.port);
  const client = new Client({ connectionString: url.href });
  client.on("error", () => {});
  await client.connect();
  return { proxy, client };
};

test("a simple query is one round trip, whatever is in it; one with parameters is one too", async () => {
  const { proxy, client } = await through({});
  await using _ = proxy;
  proxy.resetCounts();
  await client.query("begin; create temporary table a (); commit; select 1");
  expect(proxy.counts()).toEqual({ connections: 0, roundTrips: 1, readyForQuery: 1 });
  await client.query("select $1::int", [1]);
  expect(proxy.counts()).toMatchObject({ roundTrips: 2, readyForQuery: 2 });
  await client.end();
});

test("large messages arrive whole in both directions, with a delay too", async () => {
  const { proxy, client } = await through({ delayMs: 3 });
  await using _ = proxy;
  const text = "lockkeeper".repeat(2_000_000);
  const result = await client.query<{ text: string }>("select $1::text as text", [text]);
  expect(result.rows[0]?.text === text).toBe(true);
  await client.end();
});

test("an observer sees statements before the server does, and cuts the connection before one of them", async () => {
  const seen: string[] = [];
  const { proxy, client } = await through({
    observe: ({ from, type, body }) => {
      if (from !== "client" || type !== "Q") return "pass";
      seen.push(body.toString("utf8", 0, body.length - 1));
      return seen.length === 3 ? "cut" : "pass";
    },
  });
  await using _ = proxy;
  await client.query("create table before_cut (id int)");
  await client.query("insert into before_cut values (1)");
  await expect(client.query("insert into before_cut values (2)")).rejects.toThrow("Connection terminated");
  expect(seen).toEqual([
    "create table before_cut (id int)",
    "insert into before_cut values (1)",
    "insert into before_cut values (2)",
  ]);
  const direct = new Client({ connectionString: server.url });
  await direct.connect();
  expect((await direct.query("select id from before_cut")).rows).toEqual([{ id: 1 }]);
  await direct.end();
});

test("a session that the server ends tells its client why", async () => {
  const { proxy, client } = await through({ delayMs: 4 });
  await using _ = proxy;
  await expect(client.query("select pg_terminate_backend(pg_backend_pid())")).rejects.toMatchObject({ code: "57P01" });
});
