import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { Misconfigured } from "../misconfigured.ts";
import type { OpsEnv } from "./app.ts";

export type OpsServer = AsyncDisposable & { port: number };

/** Whoever can reach the pod can ask: nobody may hold more of us than this. A request's line and headers are 8 KB at most. */
const LIMITS = { maxHeaderSize: 8_192, headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 5_000 };
const CONNECTIONS = 256;
/** One address may have so many of them: others still get in. */
const CONNECTIONS_EACH = 128;

/**
 * Serves the app. Throws Misconfigured if the port can't be had. Its end ends what is under way: a page's stream has no end
 * of its own.
 */
export async function serveOps(port: number, app: Hono<OpsEnv>): Promise<OpsServer> {
  const listener = getRequestListener(app.fetch);
  const server = createServer({ ...LIMITS, connectionsCheckingInterval: 1_000 }, (incoming, outgoing) => {
    void listener(incoming, outgoing);
  });
  server.maxConnections = CONNECTIONS;
  server.on("connection", boundEach());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, resolve);
  }).catch((error: NodeJS.ErrnoException) => {
    const message = `Port ${port} for the ops endpoint and /metrics can't be had (${error.code ?? error.message}).`;
    throw new Misconfigured(message, "Set LOCKKEEPER_OPS_PORT to a free one.", error);
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

function boundEach(): (socket: Socket) => void {
  const open = new Map<string, number>();
  return (socket) => {
    const address = socket.remoteAddress ?? "";
    const count = open.get(address) ?? 0;
    if (count >= CONNECTIONS_EACH) return void socket.destroy();
    open.set(address, count + 1);
    socket.once("close", () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  };
}
