import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import type { RequestOptions } from "node:https";
import { text } from "node:stream/consumers";
import { KubeConfig } from "@kubernetes/client-node/dist/config.js";

export type Answer = {
  status: number;
  /** Of a refusal: the API server's words. */
  message: string;
  body: Record<string, unknown> & { message?: string };
};

export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  options?: { as?: string; groups?: string[]; contentType?: string },
) => Promise<Answer>;

/** The API server by plain requests, for tests that ask much or want to see its whole answer. `as` impersonates. */
export async function askWith(kubeconfig: string): Promise<Ask> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const server = config.getCurrentCluster()?.server ?? "";
  const authorization: Record<string, string> = {};
  const connection: RequestOptions = { headers: authorization };
  await config.applyToHTTPSOptions(connection);
  return async (method, path, body, { as, groups = [], contentType = "application/json" } = {}) => {
    const content = body === undefined ? "" : JSON.stringify(body);
    const headers = {
      // Node sends a DELETE's body only when its length is told.
      "content-length": Buffer.byteLength(content),
      ...authorization,
      "content-type": contentType,
      ...(as !== undefined && { "impersonate-user": as }),
      ...(groups.length > 0 && { "impersonate-group": groups }),
    };
    const sent = request(new URL(path, server), { ...connection, method, headers });
    sent.end(content);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const answer = JSON.parse(await text(response)) as Answer["body"];
    return { status: response.statusCode ?? 0, message: answer.message ?? "", body: answer };
  };
}
