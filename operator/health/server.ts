import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Misconfigured } from "../misconfigured.ts";
import { findingsText } from "./check.ts";
import type { Check } from "./check.ts";

export type HealthOptions = {
  /** 0: any free one. */
  port: number;
  /** By path. */
  checks: { "/healthz": readonly Check[]; "/readyz": readonly Check[] };
};

export type HealthServer = AsyncDisposable & { port: number };

/** Whoever can reach the pod can ask: nobody may hold more of us than this. */
const LIMITS = { maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 5_000, keepAliveTimeout: 5_000 };
const CONNECTIONS = 64;

/**
 * Answers GET by 200, or 503 if one of the path's checks fails, and a line of text per check. Throws Misconfigured if the
 * port can't be had. Its end ends what is under way.
 */
export async function serveHealth({ port, checks }: HealthOptions): Promise<HealthServer> {
  const server = createServer({ ...LIMITS, connectionsCheckingInterval: 1_000 }, (request, response) =>
    answer(request, response, checks),
  );
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    const message = `Port ${port} for /healthz and /readyz can't be had (${error.code ?? error.message}).`;
    throw new Misconfigured(message, "Set LOCKKEEPER_HEALTH_PORT to a free one.", error);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      });
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, checks: HealthOptions["checks"]): void {
  const [path = ""] = (request.url ?? "").split("?", 1);
  if (!isPath(path, checks)) return send(response, 404, "there is nothing here\n");
  if (request.method !== "GET") {
    response.setHeader("allow", "GET");
    return send(response, 405, "only GET\n");
  }
  const findings = checks[path].map((check) => check());
  send(response, findings.every(({ ok }) => ok) ? 200 : 503, findingsText(findings));
}

const isPath = (path: string, checks: HealthOptions["checks"]): path is keyof typeof checks =>
  Object.hasOwn(checks, path);

function send(response: ServerResponse, status: number, text: string): void {
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  // Who asks for something else may go on sending: that connection ends.
  if (status >= 400 && status < 500) response.setHeader("connection", "close");
  response.writeHead(status, headers).end(text);
}
