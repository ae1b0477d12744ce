/**
 * `npm run test:rollouts`: ten rollouts in a row by each tool, under 200 requests a second, on a cluster of its own. Exits
 * with 1 when a request failed or an app began before its migrations had ended.
 *
 *     npm run test:rollouts -- [--rollouts 10] [--rate 200] [--after 30] [--tools helm3,helm4]
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { buildImage } from "../../../build/image.ts";
import { clusterUp } from "../../cluster/cluster.ts";
import type { Cluster } from "../../cluster/provider.ts";
import { temporaryFolder } from "../../images/folder.ts";
import { startServer } from "../../postgres/server.ts";
import { installOperator } from "../install.ts";
import { startOperator } from "../operator-process.ts";
import { writeRolledImages } from "./images.ts";
import { FINISHED, rollOut } from "./rollout.ts";
import type { Outcome, Rolled } from "./rollout.ts";
import { TOOLS } from "./tools.ts";
import type { ToolName } from "./tools.ts";

const { values } = parseArgs({
  options: {
    rollouts: { type: "string", default: "10" },
    rate: { type: "string", default: "200" },
    after: { type: "string", default: "30" },
    tools: { type: "string", default: Object.keys(TOOLS).join() },
  },
});

const [rollouts, perSecond, afterMs] = [Number(values.rollouts), Number(values.rate), Number(values.after) * 1_000];
const tools = values.tools.split(",").map((name) => {
  if (!(name in TOOLS)) throw new Error(`No such tool: ${name}. There are: ${Object.keys(TOOLS).join()}`);
  return name as ToolName;
});

await using stack = new AsyncDisposableStack();
const folder = stack.use(await temporaryFolder("rollouts"));
const archive = join(folder.path, "rolled.tar");
await writeRolledImages(archive, rollouts);
const image = await buildImage("localhost/lockkeeper:rollouts");
const cluster = stack.use(await clusterUp({ size: "full" }));
const server = stack.use(await startServer({ version: 18, address: cluster.hostAddress }));
await cluster.load(archive);
await cluster.load(image.archive);
const installed = stack.use(
  await installOperator(cluster, { namespace: "lockkeeper", values: { watch: { allNamespaces: true } } }),
);
const { namespace, kubeconfig } = installed;
stack.use(await startOperator({ namespace, kubeconfig, runnerImage: image.tag }));
const admin = new pg.Client(server.url);
await admin.connect();
stack.defer(async () => await admin.end());

console.log(`${rollouts} rollouts by each tool, ${perSecond} requests a second until ${values.after} s after the last`);
console.log("| tool | rollouts | requests | failed | slowest, ms | run's end to the app's start, least, ms |");
console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
for (const [index, tool] of tools.entries()) {
  const name = `rolled-${index}`;
  await mkdir(join(folder.path, name));
  const place = await placeFor(cluster, name, folder.path);
  const outcome = await rollOut(place, { tool, rollouts, perSecond, afterMs });
  const { load, marginsMs } = outcome;
  const least = Math.min(...marginsMs).toFixed(0);
  console.log(
    `| ${tool} | ${rollouts} | ${load.sent} | ${load.failures} | ${load.slowestMs.toFixed(0)} | ${least} of ${marginsMs.length} |`,
  );
  for (const failure of load.failed) console.log(failure);
  if (!isClean(outcome)) process.exitCode = 1;
  await cluster.kubectl("delete", "namespace", place.namespace, "--wait=false");
}

function isClean({ load, marginsMs }: Outcome): boolean {
  return load.failures === 0 && load.sent > perSecond && marginsMs.length > 0 && Math.min(...marginsMs) > 0;
}

/** A namespace and a database of its own. */
async function placeFor(at: Cluster, name: string, scratch: string): Promise<Rolled> {
  const database = name.replace("-", "_");
  await admin.query(`create database ${database}`);
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  const local = url.href;
  url.hostname = at.hostAddress;
  await at.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name } },
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "web-db", namespace: name },
      stringData: { DATABASE_URL: url.href },
    },
  );
  return {
    ...{ namespace: name, kubeconfig: at.kubeconfig, folder: join(scratch, name) },
    kubectl: async (...args) => await at.kubectl("-n", name, ...args),
    apply: async (...objects) =>
      await at.apply(
        ...objects.map((object) => ({ ...object, metadata: { ...(object["metadata"] as object), namespace: name } })),
      ),
    finishedAt: async (source) => await finishedAt(local, source),
  };
}

async function finishedAt(url: string, source: string): Promise<number> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ at: string }>(FINISHED, [source]);
    if (rows[0] === undefined) throw new Error(`no run of ${source}`);
    return Number(rows[0].at);
  } finally {
    await client.end();
  }
}
