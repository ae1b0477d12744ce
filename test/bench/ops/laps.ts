import { fileURLToPath } from "node:url";
import { run } from "../../cluster/run.ts";
import type { Operator } from "../operator/operator.ts";
import { latencyOf } from "../operator/summary.ts";
import type { Latency } from "../operator/summary.ts";
import type { Asked } from "./clients.ts";

const CLIENTS = fileURLToPath(new URL("clients.ts", import.meta.url));

/** What is asked, by how many, how often each. */
export type Load = { of: string; path: string; clients: number; everyMs: number; seconds: number };
export type Lap = Load & { latency: Latency; bytes: number; cores: number };

/** Asks, and gives how long the answers took and what they cost the operator. */
export async function measureLap(operator: Operator, tokenFile: string, load: Load): Promise<Lap> {
  const { path, clients, everyMs, seconds } = load;
  const before = operator.cpuMs();
  const begun = performance.now();
  const args = [CLIENTS, operator.opsUrl(), path, tokenFile, String(clients), String(everyMs), String(seconds)];
  const { ms, bytes } = JSON.parse(await run(process.execPath, args)) as Asked;
  const cores = (operator.cpuMs() - before) / (performance.now() - begun);
  return { ...load, latency: latencyOf(ms), bytes, cores };
}
