/**
 * A reverse proxy in front of a cluster's API server, for tests of what happens when the way there is bad:
 *
 *     await using proxy = await startApiProxy({ kubeconfig: cluster.kubeconfig });
 *     proxy.rule((request) => (request.watch ? { cutAfter: 100 } : null));
 *
 * It speaks plain HTTP to its client and acts upstream with the given kubeconfig's identity, unless the client brings a
 * token of its own.
 */
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { RequestOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";
import type { Action, ProxiedRequest, Rule } from "./proxy-rule.ts";

export type ApiProxy = AsyncDisposable & {
  /** The path of a kubeconfig that leads through the proxy. */
  kubeconfig: string;
  url: string;
  /** All requests so far, in order. */
  requests: ProxiedRequest[];
  /** Adds a rule, asked before those that are there. What it returns takes it away. */
  rule(rule: Rule): () => void;
  /** Breaks the connections of the answers under way that fit; by default all. Returns how many. */
  cut(which?: (request: ProxiedRequest) => boolean): number;
  /** Lets nothing through any more of the answers under way that fit. Returns how many. */
  stall(which?: (request: ProxiedRequest) => boolean): number;
};

type Answer = { request: ProxiedRequest; response: ServerResponse; stalled: boolean };

/** `listen`: the address to listen on; the port is the system's choice. */
export async function startApiProxy(options: { kubeconfig: string; listen?: string }): Promise<ApiProxy> {
  const { listen = "127.0.0.1" } = options;
  const config = new KubeConfig();
  config.loadFromFile(options.kubeconfig);
  const upstream = new URL(config.getCurrentCluster()?.server ?? "");
  const own: Record<string, string> = {};
  const identity: RequestOptions = { headers: own };
  await config.applyToHTTPSOptions(identity);
  const { ca, cert, key, rejectUnauthorized = true } = identity;
  const agents = {
    own: new Agent({ ...defined({ ca, cert, key }), rejectUnauthorized, keepAlive: true }),
    clients: new Agent({ ...defined({ ca }), rejectUnauthorized, keepAlive: true }),
  };

  const requests: ProxiedRequest[] = [];
  const rules: Rule[] = [];
  const answers = new Set<Answer>();

  /** Sends it on, and hands what comes back to `take`. */
  function forward(request: ProxiedRequest, response: ServerResponse, take: (from: IncomingMessage) => void): void {
    const send = upstream.protocol === "http:" ? httpRequest : httpsRequest;
    const isOwn = request.headers.authorization === undefined;
    const agent = isOwn ? agents.own : agents.clients;
    const target = new URL(`${request.path}?${request.query.toString()}`, upstream);
    const { host: _, connection: __, ...given } = request.headers;
    const how = { method: request.method, headers: isOwn ? { ...given, ...own } : given };
    const sent = send(target, send === httpsRequest ? { ...how, agent } : how, take);
    sent.on("error", () => response.destroy());
    response.on("close", () => sent.destroy());
    sent.end(request.body);
  }

  /** Passes the answer on, up to so many bytes of its body; then `over` is called instead. */
  function relay(answer: Answer, from: IncomingMessage, most: number, over: () => void): void {
    const { response } = answer;
    let left = most;
    response.writeHead(from.statusCode ?? 502, from.headers);
    response.flushHeaders();
    from.on("data", (chunk: Buffer) => {
      if (answer.stalled || left === 0) return;
      const part = chunk.subarray(0, Math.min(left, chunk.length));
      left -= part.length;
      if (left > 0) response.write(part);
      else response.write(part, over);
    });
    from.on("end", () => answer.stalled || left === 0 || response.end());
    from.on("error", () => response.destroy());
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await received(incoming, requests.length + 1);
    requests.push(request);
    const answer: Answer = { request, response, stalled: false };
    answers.add(answer);
    response.on("close", () => answers.delete(answer));
    response.on("error", () => {});
    const action = decide(rules, request);
    const cut = () => response.destroy();
    const stall = (then?: () => void) => {
      answer.stalled = true;
      then?.();
    };

    if ("silent" in action) return;
    if ("drop" in action) return void cut();
    if ("status" in action) {
      response.writeHead(action.status, { "content-type": "application/json", ...action.headers });
      return void response.end(typeof action.body === "string" ? action.body : JSON.stringify(action.body ?? {}));
    }
    if ("pass" in action) {
      for (const [name, value] of Object.entries(action.query ?? {})) request.query.set(name, value);
      Object.assign(request.headers, action.headers);
      const pass = () => forward(request, response, (from) => relay(answer, from, Infinity, cut));
      return void setTimeout(pass, action.delay ?? 0);
    }
    const [most, over] =
      "cutAfter" in action ? [action.cutAfter, cut] : [action.stallAfter, () => stall(action.stalled)];
    forward(request, response, (from) => {
      if (most > 0) relay(answer, from, most, over);
      else from.resume().on("end", over); // wholly carried out
    });
  }

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });
  // A rule may hold an answer back for as long as it likes.
  Object.assign(server, { requestTimeout: 0, keepAliveTimeout: 60_000 });
  await new Promise<void>((listening) => server.listen(0, listen, listening));
  const url = `http://${listen}:${(server.address() as AddressInfo).port}`;
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-proxy-"));
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, JSON.stringify(kubeconfigOf(url)));

  const those = (which: (request: ProxiedRequest) => boolean) => [...answers].filter(({ request }) => which(request));
  return {
    ...{ kubeconfig, url, requests },
    rule(rule) {
      rules.unshift(rule);
      return () => void rules.splice(rules.indexOf(rule), 1);
    },
    cut: (which = () => true) => those(which).map(({ response }) => response.destroy()).length,
    stall: (which = () => true) => those(which).map((answer) => (answer.stalled = true)).length,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      for (const agent of Object.values(agents)) agent.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function decide(rules: readonly Rule[], request: ProxiedRequest): Action {
  for (const rule of rules) {
    const action = rule(request);
    if (action !== null) return action;
  }
  return { pass: true };
}

async function received(incoming: IncomingMessage, number: number): Promise<ProxiedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
  const { pathname: path, searchParams: query } = new URL(incoming.url ?? "/", "http://proxy");
  const { method = "GET", headers } = incoming;
  return { number, method, path, query, headers, body: Buffer.concat(chunks).toString(), watch: query.has("watch") };
}

function kubeconfigOf(server: string) {
  return {
    apiVersion: "v1",
    kind: "Config",
    // Without it the client refuses to speak plain HTTP.
    clusters: [{ name: "proxy", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "proxy", user: {} }],
    contexts: [{ name: "proxy", context: { cluster: "proxy", user: "proxy" } }],
    "current-context": "proxy",
  };
}

function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}
