import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { clusterUp } from "../../cluster/cluster.ts";
import { installOperator } from "../../operator/install.ts";
import { openClient } from "../operator/client.ts";
import { startLoader } from "../operator/loader.ts";
import { lastLog, startOperator } from "../operator/operator.ts";
import { bundled, fromSource } from "../operator/program.ts";
import { NAMESPACE, quiet, watchJobs } from "../operator/stage.ts";
import { replaceSection } from "../page.ts";
import { markdown } from "./markdown.ts";
import type { Conditions } from "./markdown.ts";
import { measureFloor, measureMany, measureProved, measureRelease } from "./measure.ts";
import type { Scene } from "./measure.ts";
import { aims, summarize } from "./summary.ts";
import type { Measured } from "./summary.ts";
import { watchPods } from "./watch.ts";

const HELP = `npm run bench:gate -- [options]

  --releases N     of 10 pods (100)
  --proved N       new pods of a proved release (300)
  --many N         gated pods that are opened together (1000)
  --rounds N       of those, each beside a plain client's (5)
  --source FLAGS   the operator from source, with these flags of node, divided by spaces: for a profiler
  --help

With any option it only prints, and leaves docs/ as it is.
`;

const { values } = parseArgs({
  options: {
    releases: { type: "string", default: "100" },
    proved: { type: "string", default: "300" },
    many: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    source: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const PODS = 10;
const say = (text: string): void => console.error(text);

async function measure(scene: Scene): Promise<Measured> {
  const measured: Measured = { releases: [], proved: [], floor: [], many: [] };
  for (let index = 0; index < Number(values.releases); index++) {
    measured.releases.push(await measureRelease(scene, `release-${index}`, PODS));
  }
  say(`${values.releases} releases of ${PODS} pods`);
  measured.proved = await measureProved(scene, "proved", Number(values.proved));
  say(`${values.proved} new pods of a proved release`);
  for (let round = 0; round < Number(values.rounds); round++) {
    // In turn, and each first in half of the rounds: a slow moment of the machine hits both.
    const laps = [
      async () => void measured.floor.push(await measureFloor(scene, `floor-${round}`, Number(values.many))),
      async () => void measured.many.push(await measureMany(scene, `many-${round}`, Number(values.many))),
    ];
    for (const lap of round % 2 === 0 ? laps : laps.toReversed()) await lap();
    say(`round ${round + 1}: ${measured.floor.at(-1)?.toFixed(0)} and ${measured.many.at(-1)?.perSecond.toFixed(0)}`);
  }
  return measured;
}

async function bench(scratch: string): Promise<void> {
  const docs = join(import.meta.dirname, "../../../docs");
  const { source } = values;
  const program = source === undefined ? await bundled(scratch) : fromSource(source.split(" ").filter(Boolean));
  await using cluster = await clusterUp({ size: "control-plane" });
  await using installed = await installOperator(cluster, { namespace: NAMESPACE });
  using client = await openClient(cluster.kubeconfig, 4);
  using loader = await startLoader(cluster.kubeconfig);
  const { kubeconfig } = installed;
  await using operator = await startOperator({ program, kubeconfig, namespace: NAMESPACE, scratch });
  await operator.leads();
  await quiet(operator);
  const [jobs, pods] = [await watchJobs(client), await watchPods(client, NAMESPACE)];
  const measured = await measure({ ...{ cluster, client, loader, kubeconfig, scratch }, ...{ operator, jobs, pods } });

  const summary = summarize(measured);
  const judged = aims(summary);
  const server = JSON.parse(await cluster.kubectl("version", "--output=json")) as {
    serverVersion: { gitVersion: string };
  };
  const given = process.argv.slice(2);
  const conditions: Conditions = {
    date: new Date().toISOString().slice(0, 10),
    command: ["npm run bench:gate", ...(given.length > 0 ? ["--", ...given] : [])].join(" "),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${release()}`,
    versions: `Node ${process.versions.node}, Kubernetes ${server.serverVersion.gitVersion}, etcd without fsync`,
  };
  const text = markdown(summary, judged, conditions);
  console.log(text);
  if (given.length > 0) return;
  mkdirSync(join(docs, "benchmarks"), { recursive: true });
  const whole = { conditions, aims: judged, summary, measured };
  writeFileSync(join(docs, "benchmarks/gate.json"), `${JSON.stringify(whole, null, 2)}\n`);
  replaceSection(join(docs, "benchmarks.md"), "bench:gate", text);
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
