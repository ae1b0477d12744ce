/** Plain requests to the API server over kept connections: what load and watches of the benchmark are made of. */
import { once } from "node:events";
import { Agent, request } from "node:https";
import type { RequestOptions } from "node:https";
import type { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";

export type Call = { method: string; path: string; body?: string; type?: string; accept?: string };

export type Client = Disposable & {
  /** Resolves with the whole answer. Throws for every status from 400 on. */
  send(call: Call): Promise<string>;
  /** A stream's lines, for a watch; the end of the client ends them. */
  lines(path: string, accept: string): Promise<AsyncIterable<string>>;
};

/** Milliseconds of a clock that all processes of the machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

/** A client with the kubeconfig's rights and at most so many connections, which are all kept. */
export async function openClient(kubeconfig: string, connections: number): Promise<Client> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server ?? "";
  const applied: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(applied);
  const { ca, cert, key, headers: own } = applied;
  const agent = new Agent({ ca, cert, key, keepAlive: true, maxSockets: connections });
  const streams = new Agent({ ca, cert, key });
  let isClosed = false;

  async function answerTo({ method, path, body, type, accept }: Call, by: Agent): Promise<IncomingMessage> {
    const headers = {
      ...(own as Record<string, string>),
      accept: accept ?? "application/json",
      ...(body !== undefined && {
        "content-type": type ?? "application/json",
        "content-length": Buffer.byteLength(body),
      }),
    };
    if (isClosed) throw new Error("The client is closed.");
    const sent = request(new URL(path, server), { method, agent: by, headers });
    sent.end(body);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    if ((answer.statusCode ?? 0) < 400) return answer;
    throw new Error(`${method} ${path}: ${answer.statusCode}\n${(await text(answer)).slice(0, 1_000)}`);
  }

  return {
    send: async (call) => await text(await answerTo(call, agent)),
    async lines(path, accept) {
      return createInterface({ input: await answerTo({ method: "GET", path, accept }, streams) });
    },
    [Symbol.dispose]() {
      isClosed = true;
      agent.destroy();
      streams.destroy();
    },
  };
}
