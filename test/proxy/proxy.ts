import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { createDelayLine } from "./delay-line.ts";
import { createFramer } from "./framing.ts";
import type { Framer, WireMessage } from "./framing.ts";

export type ProxyMessage = WireMessage & { from: "client" | "server"; connection: number };

export type ProxyOptions = {
  target: { host: string; port: number };
  /** Added to each round trip, ms: half of it each way. */
  delayMs?: number;
  /**
   * Sees each message once it is complete and before its last bytes are sent on. "cut" closes that connection on both
   * sides without sending them. "hold" sends nothing any more in either direction and leaves the connection open, as a
   * network does that drops packets.
   */
  observe?: (message: ProxyMessage) => "pass" | "cut" | "hold";
  /** How many bytes of a message's body `observe` gets. */
  bodyLimit?: number;
};

export type ProxyCounts = {
  connections: number;
  /** How often the server began to answer after the client had spoken: the waits that a delay multiplies. */
  roundTrips: number;
  /** ReadyForQuery messages: simple queries and Syncs that were answered. */
  readyForQuery: number;
};

export type Proxy = AsyncDisposable & {
  host: string;
  port: number;
  counts: () => ProxyCounts;
  resetCounts: () => void;
  /** Closes all connections that are open, on both sides; new ones are accepted. */
  cut: () => void;
};

const zero = (): ProxyCounts => ({ connections: 0, roundTrips: 0, readyForQuery: 0 });

/** Forwards one direction through a delay line, never holding more than the delay's own worth of bytes. */
const forward = (from: Socket, to: Socket, delayMs: number, inspect: (chunk: Buffer) => boolean) => {
  const later = createDelayLine(delayMs);
  from.on("data", (chunk: Buffer) => {
    if (!inspect(chunk)) return;
    later(() => {
      if (to.write(chunk) || from.isPaused()) return;
      from.pause();
      to.once("drain", () => from.resume());
    });
  });
  from.on("end", () => later(() => to.end()));
};

/** A loopback proxy before a Postgres server that counts, delays, watches or cuts. Plain connections only: no TLS. */
export const startProxy = async (options: ProxyOptions): Promise<Proxy> => {
  let counts = zero();
  let connections = 0;
  const open = new Set<Socket>();
  const oneWay = (options.delayMs ?? 0) / 2;
  const bodyLimit = options.observe === undefined ? 0 : (options.bodyLimit ?? 1_000_000);

  const accept = (client: Socket) => {
    const connection = (connections += 1);
    counts.connections += 1;
    const server = connect(options.target);
    const pair = [client, server];
    const close = () => {
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.on("error", close);
      socket.on("close", () => open.delete(socket));
    }

    let spoke: "client" | "server" = "server";
    let verdict: "pass" | "cut" | "hold" = "pass";
    let encryptionAsked = false;
    const tell = (from: "client" | "server", message: WireMessage) => {
      if (verdict === "pass") verdict = options.observe?.({ ...message, from, connection }) ?? "pass";
    };
    const fromServer: Framer = createFramer({ untyped: false, bodyLimit }, (message) => {
      if (spoke === "client") counts.roundTrips += 1;
      spoke = "server";
      if (message.type === "Z") counts.readyForQuery += 1;
      if (encryptionAsked && message.type === "S") for (const framer of [fromClient, fromServer]) framer.blind();
      encryptionAsked = false;
      tell("server", message);
    });
    const fromClient: Framer = createFramer({ untyped: true, bodyLimit }, (message) => {
      spoke = "client";
      encryptionAsked = message.type === "ssl" || message.type === "gss";
      if (encryptionAsked) fromServer.expectByte();
      tell("client", message);
    });
    const inspect = (framer: Framer) => (chunk: Buffer) => {
      framer.push(chunk);
      if (verdict === "cut") close();
      return verdict === "pass";
    };
    forward(client, server, oneWay, inspect(fromClient));
    forward(server, client, oneWay, inspect(fromServer));
  };

  const listener = createServer({ allowHalfOpen: true }, accept);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    host: "127.0.0.1",
    port: (listener.address() as AddressInfo).port,
    counts: () => ({ ...counts }),
    resetCounts: () => {
      counts = zero();
    },
    cut,
    [Symbol.asyncDispose]: async () => {
      const closed = once(listener, "close");
      listener.close();
      cut();
      await closed;
    },
  };
};
