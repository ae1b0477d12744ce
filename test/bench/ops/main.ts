import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { clusterUp } from "../../cluster/cluster.ts";
import { installOperator } from "../../operator/install.ts";
import { openClient } from "../operator/client.ts";
import { lastLog, startOperator } from "../operator/operator.ts";
import type { Operator } from "../operator/operator.ts";
import { bundled } from "../operator/program.ts";
import { NAMESPACE, quiet } from "../operator/stage.ts";
import { replaceSection } from "../page.ts";
import { makeFleet, nameOf, touch } from "./fleet.ts";
import { measureLap } from "./laps.ts";
import type { Lap, Load } from "./laps.ts";
import { aims, markdown } from "./markdown.ts";
import type { Conditions, Result } from "./markdown.ts";

const HELP = `npm run bench:ops -- [options]

  --resources N    (1000)
  --runs N         in the history of each (5)
  --seconds N      of each lap (30)
  --no-write       only print, leave docs/ as it is; so does every option above
`;

const { values } = parseArgs({
  options: {
    resources: { type: "string", default: "1000" },
    runs: { type: "string", default: "5" },
    seconds: { type: "string", default: "30" },
    "no-write": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const PATH = "/api/ops/migrations";
/** So many statuses change in each second of the last lap. */
const CHANGES = 50;
const [resources, runs, seconds] = [Number(values.resources), Number(values.runs), Number(values.seconds)];

// Often enough that the machine is awake: asked once a second, an answer of 2 KB has a p50 of 4.6 ms instead of 0.8.
const LOADS: Load[] = [
  {
    of: "one resource, 20 clients, 20 times a second each",
    path: `${PATH}?name=${nameOf(7)}`,
    clients: 20,
    everyMs: 50,
    seconds,
  },
  { of: "all of them, 20 clients, 5 times a second each", path: PATH, clients: 20, everyMs: 200, seconds },
  { of: "/metrics, one client, once in 5 s", path: "/metrics", clients: 1, everyMs: 5_000, seconds },
];
const CHANGING: Load = {
  ...{ of: `all of them while ${CHANGES} a second change, 20 clients, 5 times a second each`, path: PATH },
  ...{ clients: 20, everyMs: 200, seconds },
};

async function measure(operator: Operator, tokenFile: string, change: () => Promise<void>): Promise<Result> {
  const megabytes = (): number => operator.residentBytes() / 1e6;
  const before = megabytes();
  const laps: Lap[] = [];
  for (const load of LOADS) laps.push(await measureLap(operator, tokenFile, load));
  const stop = new AbortController();
  const changing = (async () => {
    while (!stop.signal.aborted) await Promise.all([change(), sleep(1_000)]);
  })();
  laps.push(await measureLap(operator, tokenFile, CHANGING));
  stop.abort();
  await changing;
  return { laps, residentMb: { before, after: megabytes() } };
}

async function bench(scratch: string): Promise<void> {
  const program = await bundled(scratch);
  const tokenFile = join(scratch, "token");
  writeFileSync(tokenFile, "a-token-for-the-benchmark");
  await using cluster = await clusterUp({ size: "control-plane" });
  await using installed = await installOperator(cluster, { namespace: NAMESPACE });
  using client = await openClient(cluster.kubeconfig, 8);
  await makeFleet(client, resources, runs);
  await using operator = await startOperator({
    program: { ...program, env: { ...program.env, LOCKKEEPER_OPS_TOKEN_FILE: tokenFile } },
    ...{ kubeconfig: installed.kubeconfig, namespace: NAMESPACE, scratch },
  });
  await operator.leads();
  await quiet(operator);
  const result = await measure(operator, tokenFile, async () => await touch(client, CHANGES));

  const conditions: Conditions = {
    date: new Date().toISOString().slice(0, 10),
    command: ["npm run bench:ops", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" "),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${release()}`,
    versions: `Node ${process.versions.node}`,
    fleet: `${resources} resources with ${runs} runs each. Who asks is a process of its own on the same machine; ${seconds} s a line.`,
  };
  const text = markdown(result, conditions);
  console.log(text);
  if (process.argv.length > 2) return;
  const docs = join(import.meta.dirname, "../../../docs");
  mkdirSync(join(docs, "benchmarks"), { recursive: true });
  const raw = JSON.stringify({ conditions, aims: aims(result), result }, null, 2);
  writeFileSync(join(docs, "benchmarks/ops.json"), `${raw}\n`);
  replaceSection(join(docs, "benchmarks.md"), "bench:ops", text);
}

if (values.help) {
  console.log(HELP);
} else {
  const scratch = mkdtempSync(join(tmpdir(), "lockkeeper-bench-"));
  // Also after an interrupt; cluster, clients and operator end with this process.
  process.once("exit", (code) => {
    if (code !== 0) console.error(lastLog());
    rmSync(scratch, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  await bench(scratch);
}
