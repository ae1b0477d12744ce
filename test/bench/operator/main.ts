import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { clusterUp } from "../../cluster/cluster.ts";
import { installOperator } from "../../operator/install.ts";
import { replaceSection } from "../page.ts";
import { aims, BURST, FEW } from "./aims.ts";
import { openClient } from "./client.ts";
import type { Arrivals } from "./arrivals.ts";
import type { Burst } from "./create.ts";
import { CLIENTS, FLOOR_IN_FLIGHT, measureBurst, measureFloor, measureOneByOne, measureWrites } from "./create.ts";
import { measureWritesOneByOne, names } from "./create.ts";
import { endAll, measureEnds } from "./ends.ts";
import { startLoader } from "./loader.ts";
import { markdown } from "./markdown.ts";
import type { Conditions } from "./markdown.ts";
import { lastLog, startOperator } from "./operator.ts";
import type { Operator, Program } from "./operator.ts";
import { bundled, fromSource } from "./program.ts";
import { clear, FLOOR_NAMESPACE, NAMESPACE, quiet, statusOf, watchJobs } from "./stage.ts";
import type { Stage } from "./stage.ts";
import { measureLists, measureRest, measureStarts } from "./start.ts";
import { summarize } from "./summary.ts";
import type { Measured } from "./summary.ts";

const HELP = `npm run bench:operator -- [options]

  --only LIST      these parts alone: start, burst, alone, many
  --rounds N       of floor and bursts (5)
  --many N         resources in the part "many" (5000)
  --source FLAGS   the operator from source, with these flags of node, divided by spaces: for a profiler
  --no-write       only print, leave docs/ as it is; so does every option above
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "5" },
    many: { type: "string", default: "5000" },
    source: { type: "string" },
    "no-write": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const STARTS = 5;
const ONE_BY_ONE = 200;
const REST_MS = 30_000;
/** Until what the work left is collected, ms. */
const SETTLED_MS = 12_000;

const has = (part: string): boolean => values.only === "" || values.only.split(",").includes(part);
const say = (text: string): void => console.error(text);

async function measureRounds(
  stage: Stage,
  operator: Operator,
  rounds: number,
): Promise<Pick<Measured, "floor" | "writes" | "bursts">> {
  const [floor, writes, bursts]: [Measured["floor"], Measured["writes"], Measured["bursts"]] = [[], [], []];
  using client = await openClient(stage.cluster.kubeconfig, 1);
  const jobs = await watchJobs(client);
  const status = await aStatus(stage, operator, jobs);
  for (let round = 0; round < rounds; round++) {
    // Every round begins with another one, so that a slow moment of the machine hits no single one.
    const laps = [
      ...FLOOR_IN_FLIGHT.map((inFlight) => async () => void floor.push(await measureFloor(stage, inFlight, BURST))),
      async () => void writes.push(await measureWrites(stage, { status, inFlight: CLIENTS, count: BURST })),
      ...[BURST, FEW].map((count) => async () => {
        bursts.push(await measureBurst(stage, { operator, jobs, prefix: `r${round}-${count}`, count }));
        await clear(stage.client);
        await quiet(operator);
        jobs.clear();
      }),
    ];
    const first = round % laps.length;
    for (const lap of [...laps.slice(first), ...laps.slice(0, first)]) await lap();
    say(
      `round ${round + 1}: floor ${floor.slice(-FLOOR_IN_FLIGHT.length).map(rate).join(", ")}; writes ${writes.slice(-1).map(rate).join("")}; bursts ${bursts.slice(-2).map(rate).join(", ")}`,
    );
  }
  return { floor, writes, bursts };
}

/** What the operator writes before a Job. */
async function aStatus(stage: Stage, operator: Operator, jobs: Arrivals): Promise<unknown> {
  await measureBurst(stage, { operator, jobs, prefix: "status", count: 1 });
  const status = await statusOf(stage.client, "status-0");
  await clear(stage.client);
  await quiet(operator);
  jobs.clear();
  return status;
}

const rate = ({ perSecond }: { perSecond: number }): string => perSecond.toFixed(0);

async function measureAlone(stage: Stage, operator: Operator): Promise<Pick<Measured, "alone" | "writesAlone">> {
  using client = await openClient(stage.cluster.kubeconfig, 1);
  const jobs = await watchJobs(client);
  const status = await aStatus(stage, operator, jobs);
  const alone = await measureOneByOne(stage, { jobs, prefix: "alone", count: ONE_BY_ONE });
  await clear(stage.client);
  await quiet(operator);
  return { alone, writesAlone: await measureWritesOneByOne(stage, { status, count: ONE_BY_ONE }) };
}

async function measureMany(stage: Stage, program: Program, count: number): Promise<NonNullable<Measured["many"]>> {
  using client = await openClient(stage.cluster.kubeconfig, 1);
  const jobs = await watchJobs(client);
  const { cluster, kubeconfig, scratch } = stage;
  const worked = await (async () => {
    await using operator = await startOperator({ program, kubeconfig, namespace: NAMESPACE, scratch });
    await operator.leads();
    await quiet(operator);
    const [bursts, endsCpuMs]: [Burst[], number[]] = [[], []];
    // A resource whose Job has no pod for 30 s is in trouble: the runs end before the next ones begin, as they do in life.
    for (let made = 0; made < count; made += BURST) {
      const prefix = `many-${made}`;
      const burst = await measureBurst(stage, { operator, jobs, prefix, count: BURST });
      bursts.push(burst);
      endsCpuMs.push(await endAll(stage, { operator, jobs, resources: names(prefix, BURST) }));
      say(`${made + BURST} resources: ${rate(burst)} a second, ${(burst.cpuMs / BURST).toFixed(2)} ms of CPU each`);
    }
    const oneByOne = await measureOneByOne(stage, { jobs, prefix: "one", count: ONE_BY_ONE });
    const status = await statusOf(stage.client, "one-0");
    const writesOneByOne = await measureWritesOneByOne(stage, { status, count: ONE_BY_ONE });
    const toConditionMs = await measureEnds(stage, jobs, names("one", ONE_BY_ONE));
    await quiet(operator);
    await sleep(SETTLED_MS);
    const rest = await measureRest(operator, REST_MS);
    return {
      bursts,
      endsCpuMs,
      oneByOne,
      writesOneByOne,
      toConditionMs,
      rest,
      residentBytes: operator.residentBytes(),
      peakBytes: operator.peakBytes(),
    };
  })();
  say(`at rest, restarting on ${cluster.name}`);
  const starts = await measureStarts(stage, { program, times: 3 });
  return { ...worked, starts, lists: await measureLists(stage, STARTS) };
}

async function bench(scratch: string): Promise<void> {
  const docs = join(import.meta.dirname, "../../../docs");
  const rounds = Number(values.rounds);
  const program =
    values.source === undefined ? await bundled(scratch) : fromSource(values.source.split(" ").filter(Boolean));
  await using cluster = await clusterUp({ size: "control-plane" });
  await using installed = await installOperator(cluster, { namespace: NAMESPACE });
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: FLOOR_NAMESPACE } });
  using client = await openClient(cluster.kubeconfig, 4);
  using loader = await startLoader(cluster.kubeconfig);
  const stage: Stage = { cluster, client, loader, kubeconfig: installed.kubeconfig, scratch };

  const measured: Measured = {
    ...{ empty: null, floor: [], writes: [], bursts: [], alone: [], writesAlone: [], many: null },
  };
  if (has("start")) measured.empty = await measureStarts(stage, { program, times: STARTS });
  if (has("burst") || has("alone")) {
    await using operator = await startOperator({ ...stage, program, namespace: NAMESPACE });
    await operator.leads();
    await quiet(operator);
    if (has("burst")) Object.assign(measured, await measureRounds(stage, operator, rounds));
    if (has("alone")) Object.assign(measured, await measureAlone(stage, operator));
  }
  if (has("many")) measured.many = await measureMany(stage, program, Number(values.many));

  const summary = summarize(measured);
  const judged = aims(summary);
  const server = JSON.parse(await cluster.kubectl("version", "--output=json")) as {
    serverVersion: { gitVersion: string };
  };
  const conditions: Conditions = {
    date: new Date().toISOString().slice(0, 10),
    command: ["npm run bench:operator", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" "),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${release()}`,
    versions: `Node ${process.versions.node}, Kubernetes ${server.serverVersion.gitVersion}, etcd without fsync; operator with node's flags ${program.nodeFlags.join(" ") || "as they are"}`,
    rounds,
  };
  const text = markdown(summary, judged, conditions);
  console.log(text);
  // A part of the benchmark must not take the place of the whole one's page.
  if (process.argv.length > 2) return;
  mkdirSync(join(docs, "benchmarks"), { recursive: true });
  writeFileSync(
    join(docs, "benchmarks/operator.json"),
    `${JSON.stringify({ conditions, aims: judged, summary, measured }, null, 2)}\n`,
  );
  replaceSection(join(docs, "benchmarks.md"), "bench:operator", text);
}

if (values.help) {
  console.log(HELP);
} else {
  const scratch = mkdtempSync(join(tmpdir(), "lockkeeper-bench-"));
  // Also after an interrupt; cluster, load and operator end with this process.
  process.once("exit", (code) => {
    if (code !== 0) say(lastLog());
    rmSync(scratch, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  await bench(scratch);
}
