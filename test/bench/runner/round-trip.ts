import { performance } from "node:perf_hooks";
import type { Server } from "../../postgres/server.ts";
import { startProxy } from "../../proxy/proxy.ts";
import { urlOf, withClient } from "./database.ts";
import { median } from "../statistics.ts";

const SAMPLES = 200;

const selectOne = (url: string) =>
  withClient(url, async (client) => {
    const times: number[] = [];
    for (let sample = 0; sample < SAMPLES; sample += 1) {
      const start = performance.now();
      await client.query("select 1");
      times.push(performance.now() - start);
    }
    return median(times);
  });

/** The median time of `select 1`, ms: straight to the server, and through a proxy that adds `delayMs`. */
export const measureRoundTrip = async (
  server: Server,
  delayMs: number,
): Promise<{ direct: number; proxied: number }> => {
  await using proxy = await startProxy({ target: { host: "127.0.0.1", port: server.port }, delayMs });
  return {
    direct: await selectOne(urlOf(server, "postgres")),
    proxied: await selectOne(urlOf(server, "postgres", proxy.port)),
  };
};
