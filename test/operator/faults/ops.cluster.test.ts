/** The ops port of a real operator process, asked by those who mean it ill. No cluster: a plain server plays its API. */
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { OpsPayload } from "../../../contract/ops.ts";
import { startOperator } from "../operator-process.ts";
import { startFakeApi } from "./fake-api.ts";
import { figuresOf, TELLS_FIGURES } from "./held.ts";
import { until } from "./stage.ts";

const TOKEN = "canary-7f3e0b6a2c9d4815";
const PATH = "/api/ops/migrations";
const RESOURCES = 50;
const CLIENTS = 16;
/** So many requests come from one address. */
const EACH = 20;

/** In place of a status: who asked went away before the answer; there was none. */
const LEFT = -1;
const CUT = 0;

type Ask = {
  path: string;
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string;
  leave?: boolean;
};

const right = { authorization: `Bearer ${TOKEN}` };

/** One of each kind, in turn; `count` makes them differ. */
const asks = (count: number): Ask[] => [
  { path: `${PATH}?limit=${(count % 100) + 1}`, headers: right },
  { path: `${PATH}?name=standing-${count % RESOURCES}`, headers: right },
  { path: PATH, headers: right, leave: true },
  { path: PATH, method: "HEAD", headers: right },
  { path: "/metrics" },
  { path: "/api/ops/openapi.json" },
  { path: `${PATH}?lookbackMinutes=${count}x&__proto__=${count}`, headers: right },
  { path: PATH, headers: { authorization: `Bearer wrong-${count}` } },
  { path: PATH, headers: { authorization: `Bearer ${"x".repeat((count * 7) % 16_000)}` } },
  { path: PATH, headers: { authorization: [`Bearer ${TOKEN}`, `Bearer ${count}`] } },
  { path: PATH },
  { path: PATH, method: "POST", headers: right, body: "x".repeat((count % 50) * 1_000) },
  { path: `/${"../".repeat(count % 20)}etc/passwd%00${count}` },
  { path: `/${String(count).repeat(count % 400)}?${"y=1&".repeat(count % 400)}` },
  { path: "/metrics", method: "DELETE", body: "x".repeat(100_000), leave: true },
];

test("10,000 requests of every kind leave no memory, socket and timer, and the token is told nowhere", async () => {
  await using api = await startFakeApi();
  const ready = new Set<string>();
  api.onReady = (name) => void ready.add(name);
  for (let count = 0; count < RESOURCES; count++) api.create(`standing-${count}`);
  const folder = await mkdtemp(join(tmpdir(), "ops-token-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const file = join(folder, "token");
  await writeFile(file, TOKEN);
  const env = { ...TELLS_FIGURES, LOCKKEEPER_OPS_TOKEN_FILE: file };
  await using operator = await startOperator({ kubeconfig: api.kubeconfig, namespace: "lockkeeper", env });
  await until("all are ready", () => ready.size === RESOURCES);
  const { port } = (await operator.line(({ msg }) => msg === "ops is served")) as { port?: number };

  const told: string[] = [];
  const ask = async (one: Ask, address: string, agent: Agent): Promise<number> => {
    const { path, method = "GET", headers = {}, body = "", leave = false } = one;
    const sent = request({
      port: Number(port),
      host: "127.0.0.1",
      localAddress: address,
      agent,
      path,
      method,
      headers,
    });
    sent.end(body);
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) =>
        sent.on("response", resolve).on("error", reject),
      );
      if (leave) {
        sent.destroy();
        return LEFT;
      }
      const content = await text(answer);
      if (content.includes(TOKEN)) told.push(`${method} ${path}`);
      return answer.statusCode ?? 0;
    } catch {
      return CUT;
    }
  };
  /** A few from each address, so that most get past the limits. */
  const attack = async (from: number, count: number): Promise<Map<number, number>> => {
    const statuses = new Map<number, number>();
    let next = from;
    const work = async (): Promise<void> => {
      for (let first = next; first < from + count; first = next) {
        next += EACH;
        const agent = new Agent({ keepAlive: true, maxSockets: 1 });
        const address = `127.0.${1 + ((first / EACH) % 200)}.${1 + (((first / EACH) >> 8) % 200)}`;
        for (let index = first; index < first + EACH; index++) {
          const kinds = asks(index);
          const status = await ask(kinds[index % kinds.length] as Ask, address, agent);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
        agent.destroy();
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, work));
    return statuses;
  };

  await attack(0, 1_500);
  const before = await figuresOf(operator);
  const statuses = await attack(1_500, 10_000);
  const after = await figuresOf(operator);
  console.log(`heap before: ${before.heap}, after: ${after.heap};`, Object.fromEntries(statuses));
  expect(after.heap / before.heap).toBeLessThan(1.05);
  expect(after.counts).toEqual(before.counts);
  // A body that is refused before its end ends the connection.
  expect(statuses.get(CUT) ?? 0).toBeLessThan(1_000);
  for (const status of [200, 400, 401, 404, 405, 431]) expect(statuses.get(status), String(status)).toBeGreaterThan(20);
  expect(statuses.has(500)).toBe(false);

  // Headers that never end: their connections are closed, not kept.
  const stuck = Array.from({ length: 20 }, () => {
    const socket = connect(Number(port), "127.0.0.1");
    socket.on("error", () => undefined).write(`GET ${PATH} HTTP/1.1\r\nhost: x\r\nx: `);
    return new Promise<void>((closed) => socket.resume().once("close", () => closed()));
  });
  await Promise.all(stuck);

  const answer = await fetch(`http://127.0.0.1:${port}${PATH}`, { headers: right });
  expect(OpsPayload.parse(await answer.json()).migrations).toHaveLength(RESOURCES);
  expect(told).toEqual([]);
  expect(JSON.stringify(operator.lines)).not.toContain(TOKEN);
  expect(operator.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);

  await writeFile(file, `new-${TOKEN}`);
  const next = { authorization: `Bearer new-${TOKEN}` };
  const status = async () => (await fetch(`http://127.0.0.1:${port}${PATH}`, { headers: next })).status;
  for (const end = Date.now() + 30_000; (await status()) !== 200; await sleep(1_000)) {
    if (Date.now() > end) throw new Error("the new token doesn't count");
  }
  expect((await operator.stop()).code).toBe(0);
}, 600_000);
