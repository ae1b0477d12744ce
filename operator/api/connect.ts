import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { AgentOptions, RequestOptions } from "node:https";
import { loadConfig } from "./kubeconfig.ts";
import type { ConfigFrom } from "./kubeconfig.ts";

/** Where the cluster's configuration comes from, and as what the API server is asked. */
export type Connect = ConfigFrom & { userAgent: string };

/** How to reach the API server. */
export type Connection = {
  server: URL;
  /** The namespace of the configuration's context, or of the pod; null where it names none. */
  namespace: string | null;
  /** Of one request, with what authenticates it now: tokens rotate, exec plugins renew. Throws if one fails. */
  credentials(): Promise<Credentials>;
  /** Closes the kept connections. */
  close(): void;
};

export type Credentials = {
  headers: Record<string, string>;
  /** For requests: kept alive, the last used first, a bounded number. */
  agent: HttpAgent;
  /** For watches and logs, which are as many as they are: a bound would let them wait for one another. */
  streams: HttpAgent;
};

/** How long a token is used before it is asked for again, in ms. The client itself reads a rotated file every 60 s. */
const FRESH = 5_000;
/** The last used first, so that those of a burst grow idle, and are closed after `timeout` ms: each holds memory. */
const KEPT: AgentOptions = { keepAlive: true, maxSockets: 64, scheduling: "lifo", timeout: 30_000 };

/** Reads the configuration; connects on the first request. Throws if there is none or it names no server. */
export function connect({ userAgent, ...from }: Connect, now: () => number): Connection {
  const config = loadConfig(from);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const context = config.getCurrentContext();
    throw new Error(`The kubeconfig's context ${JSON.stringify(context)} names no cluster: set current-context.`);
  }
  const server = new URL(cluster.server);
  const viaProxy = cluster.proxyUrl !== undefined && cluster.proxyUrl !== "";

  let current: { at: number; tls: string; credentials: Credentials } | null = null;
  let renewing: Promise<Credentials> | null = null;

  async function renew(): Promise<Credentials> {
    const headers: Record<string, string> = { "user-agent": userAgent, accept: "application/json" };
    const applied: RequestOptions = { headers };
    await config.applyToHTTPSOptions(applied);
    if (applied.auth) headers["authorization"] = `Basic ${Buffer.from(applied.auth).toString("base64")}`;
    const { ca, cert, key, servername, rejectUnauthorized } = applied;
    const options = { ...defined({ ca, cert, key, servername, rejectUnauthorized }) } as AgentOptions;
    const tls = JSON.stringify(options);
    const same = current?.tls === tls ? current.credentials : null;
    if (current !== null && same === null) destroy(current.credentials);
    const credentials = {
      headers,
      agent: same?.agent ?? agentOf(options, KEPT),
      streams: same?.streams ?? agentOf(options, { keepAlive: false }),
    };
    if (viaProxy) Object.assign(credentials, { agent: applied.agent, streams: applied.agent });
    current = { at: now(), tls, credentials };
    return credentials;
  }

  const agentOf = (tls: AgentOptions, how: AgentOptions) =>
    server.protocol === "http:" ? new HttpAgent(how) : new HttpsAgent({ ...tls, ...how });

  return {
    server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace?.trim() || null,
    async credentials() {
      if (current !== null && now() - current.at < FRESH) return current.credentials;
      renewing ??= renew().finally(() => (renewing = null));
      return await renewing;
    },
    close: () => current && destroy(current.credentials),
  };
}

/** Only idle connections: what is under way goes on to its end. */
function destroy({ agent, streams }: Credentials): void {
  for (const { freeSockets } of [agent, streams]) {
    for (const socket of Object.values(freeSockets).flatMap((sockets) => sockets ?? [])) socket.destroy();
  }
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
