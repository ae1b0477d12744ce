import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { OpsPayload } from "../../contract/ops.ts";

/** One request that came, whole. */
export type Asked = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };

export type StandIn = AsyncDisposable & { origin: string; asked: Asked[] };

export type Respond = (asked: Asked, outgoing: ServerResponse) => void | Promise<void>;

/** A real server, on loopback unless told otherwise, with TLS or without, that answers as a test says, and keeps what it was asked. */
export async function standIn(
  respond: Respond,
  tls: { key: string; cert: string } | null = null,
  address = "127.0.0.1",
): Promise<StandIn> {
  const asked: Asked[] = [];
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    void (async () => {
      const one = {
        method: incoming.method ?? "",
        url: incoming.url ?? "",
        headers: incoming.headers,
        body: await text(incoming),
      };
      asked.push(one);
      await respond(one, outgoing);
    })();
  };
  const server = tls === null ? createServer(listener) : createSecureServer(tls, listener);
  server.listen(0, address);
  await once(server, "listening");
  return {
    origin: `${tls === null ? "http" : "https"}://${address}:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers with JSON; an ops payload that is critical needs its 503 to be said. */
export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Respond =>
  (_, outgoing) =>
    void outgoing.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

/** Answers with each of these in turn, and then always with the last one. */
export const inTurn = (...all: Respond[]): Respond => {
  let count = 0;
  return async (asked, outgoing) => await all[Math.min(count++, all.length - 1)]?.(asked, outgoing);
};

/** Serves a web-standard handler, such as the library's own. */
export const handled =
  (handle: (request: Request) => Promise<Response>): Respond =>
  async ({ method, url, headers }, outgoing) => {
    const given = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
    const response = await handle(new Request(new URL(url, "http://app.test"), { method, headers: given }));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
  };

/** An answer of the endpoint, in which all is well but for what a test changes. */
export function opsPayload(changes: Partial<OpsPayload> = {}): OpsPayload {
  return {
    status: "ok",
    generatedAt: "2026-03-01T12:00:00.000Z",
    lookbackMinutes: 120,
    alerts: [],
    migrations: [
      {
        namespace: "shop",
        name: "web",
        version: "0042_b",
        pending: [],
        pendingCount: 0,
        telemetry: { available: true, reason: "" },
        recentRuns: [
          {
            id: "0193a0b0-0000-7000-8000-000000000000",
            status: "SUCCESS",
            runner: "kubernetes-job",
            source: "web:1",
            host: "web-1",
            startedAt: "2026-03-01T11:59:00.000Z",
            finishedAt: "2026-03-01T11:59:30.000Z",
            lockWaitMs: 12,
            versionBefore: "0041_a",
            versionAfter: "0042_b",
            applied: ["0042_b"],
            error: null,
            blockers: [],
          },
        ],
      },
    ],
    ...changes,
  };
}

type Alert = OpsPayload["alerts"][number];

export const alert = (code: Alert["code"], changes: Partial<Alert> = {}): Alert => ({
  severity: "critical",
  code,
  namespace: "shop",
  name: "web",
  message: `something about ${code}`,
  ...changes,
});

/** A payload with one run at work. */
export function working(pendingCount: number, alerts: Alert[] = []): OpsPayload {
  const whole = opsPayload();
  const [state] = whole.migrations;
  const [run] = state?.recentRuns ?? [];
  if (state === undefined || run === undefined) throw new Error("the payload has no run");
  const recentRuns = [{ ...run, status: "RUNNING" as const, finishedAt: null }, run];
  const status = alerts.some(({ severity }) => severity === "critical") ? "critical" : "ok";
  return { ...whole, status, alerts, migrations: [{ ...state, pendingCount, recentRuns }] };
}
