/** Starts, memory, lists, and rest: what the operator costs when nothing happens. */
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../cluster/run.ts";
import { now } from "./client.ts";
import { startOperator } from "./operator.ts";
import type { Operator, Program } from "./operator.ts";
import { NAMESPACE, quiet } from "./stage.ts";
import type { Stage } from "./stage.ts";

const LIST = fileURLToPath(new URL("list.ts", import.meta.url));
/** After its first work, until memory is looked at: its garbage is collected by then, ms. */
const REST_MS = 12_000;

/** How long it is watched at rest, ms. */
const WATCHED_MS = 20_000;

export type Starts = { readyMs: number[]; residentBytes: number[]; peakBytes: number; rest: Rest };

/** Starts it so often: how long until it is ready, what is resident once it leads and has come to rest, and what the last one costs then. */
export async function measureStarts(
  { kubeconfig, scratch }: Stage,
  { program, times }: { program: Program; times: number },
): Promise<Starts> {
  const starts: Starts = { readyMs: [], residentBytes: [], peakBytes: 0, rest: { ms: 0, cpuMs: 0 } };
  for (let time = 0; time < times; time++) {
    await using operator = await startOperator({ program, kubeconfig, namespace: NAMESPACE, scratch });
    await operator.leads();
    await quiet(operator);
    await sleep(REST_MS);
    starts.readyMs.push(operator.readyMs);
    starts.residentBytes.push(operator.residentBytes());
    starts.peakBytes = Math.max(starts.peakBytes, operator.peakBytes());
    if (time === times - 1) starts.rest = await measureRest(operator, WATCHED_MS);
  }
  return starts;
}

/** `plainMs`: the same pages of the three large lists by a client that does nothing with them. */
export type Lists = {
  relistMs: number[];
  plainMs: number[];
  resources: number;
  jobs: number;
  pods: number;
  bytes: number;
};

/** Lists all again, so often, by the operator's own caches, and by a plain client. */
export async function measureLists({ kubeconfig }: Stage, times: number): Promise<Lists> {
  const said = await run(process.execPath, [LIST, kubeconfig, NAMESPACE, String(times)]);
  return JSON.parse(said) as Lists;
}

export type Rest = { ms: number; cpuMs: number };

/** What it costs to do nothing for so long. */
export async function measureRest(operator: Operator, ms: number): Promise<Rest> {
  const [begun, before] = [now(), operator.cpuMs()];
  await sleep(ms);
  return { ms: now() - begun, cpuMs: operator.cpuMs() - before };
}
