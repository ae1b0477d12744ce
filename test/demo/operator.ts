/** What the operator shows: WorkoutLog on a cluster, its releases, and a database that its pods reach. */
import { join } from "node:path";
import pg from "pg";
import { buildImage } from "../../build/image.ts";
import { clusterUp } from "../cluster/cluster.ts";
import { anyKubectl } from "../cluster/kubectl.ts";
import type { Cluster } from "../cluster/provider.ts";
import { temporaryFolder } from "../images/folder.ts";
import { installChart } from "../operator/helm-install.ts";
import { startServer } from "../postgres/server.ts";
import { appImage, writeAppImages } from "./app-images.ts";
import { letsIn, withToken } from "./dashboard.ts";
import { growingFolder } from "./folder.ts";
import { SHOP, get, type } from "./kubectl.ts";
import { ROOT } from "./lockkeeper.ts";
import { say, seen, shell, step } from "./narrate.ts";
import { condition, settled, watched } from "./watch.ts";
import type { Migration } from "./watch.ts";

const EXAMPLE = join(ROOT, "examples/workoutlog");
const ARGUMENTS = ["-n", SHOP];

type Deployment = { status?: { observedGeneration?: number; availableReplicas?: number; updatedReplicas?: number } };

/** Shows it step by step; throws where a step wasn't seen. What it starts is the stack's. Gives what to look at afterwards. */
export async function showOperator(stack: AsyncDisposableStack): Promise<string> {
  step("A Kubernetes cluster, PostgreSQL 18 from npm, Lockkeeper's image, and WorkoutLog's for four releases");
  say("The first time, this builds the cluster's own programs: about 10 minutes. Later it takes about one.");
  const { cluster, url, idle } = await scenery(stack);
  await type(cluster, "get", "nodes");
  const nodes = JSON.parse(await cluster.kubectl("get", "nodes", "--output=json")) as { items: unknown[] };
  seen(
    "a node is there, the images are on it, and PostgreSQL listens where its pods can reach it",
    nodes.items.length > 0,
  );

  step("The operator, by its chart: two replicas, with rights in the namespace shop alone");
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: SHOP } });
  const dashboard = await withToken(cluster, "lockkeeper");
  const set = {
    ...{ "image.repository": "localhost/lockkeeper", "image.tag": "demo", "watch.namespaces": `{${SHOP}}` },
    ...dashboard.values,
  };
  const release = stack.use(
    await installChart(cluster, "lockkeeper", { name: "lockkeeper", namespace: "lockkeeper", set }),
  );
  shell(release.command);
  await type(cluster, "-n", release.namespace, "get", "pods");
  seen("it runs in the cluster, and helm says that it is ready", true);

  step(
    "Release 1 of WorkoutLog: a Secret with the database's URL, the Deployment, and the DatabaseMigration that follows it",
  );
  shell("kubectl -n shop create secret generic web-db --from-env-file=database.env");
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "web-db", namespace: SHOP } };
  await cluster.apply({ ...secret, stringData: { DATABASE_URL: url } });
  await type(cluster, ...ARGUMENTS, "apply", "-f", join(EXAMPLE, "kubernetes"));
  const first = await settled(cluster, appImage(1));
  await served(cluster, 1);
  seen("11 migrations are applied by a Job, and release 1 serves", isApplied(first, "0010_solid_watchtower", 11));

  step("Release 2: a new image is all that changes. Its own migrations come with it");
  await changeImage(cluster, 2);
  const second = await settled(cluster, appImage(2));
  await served(cluster, 2);
  seen("2 migrations more, and release 2 serves", isApplied(second, "0012_keen_valkyrie", 2));
  const early = await startedBefore(cluster, second);
  seen("its pods waited at the gate until its migrations were applied", early.length === 0);

  step(
    "Release 3 alters a table that a forgotten transaction of the web holds: the condition says who, while it waits",
  );
  const web = await idle();
  await changeImage(cluster, 3);
  const blocked = await watched(cluster, isBlockedBy(web.pid));
  seen(`pid ${web.pid} is named while the run waits`, condition(blocked, "Reconciling")?.reason === "WaitingForLock");
  await web.end();
  say("The transaction ends.");
  const third = await settled(cluster, appImage(3));
  await type(cluster, ...ARGUMENTS, "get", "databasemigrations");
  seen("it went on by itself", isApplied(third, "0013_rest_days", 1));

  step("Release 4 is broken: Stalled, with the SQL error; its pods stay at the gate, and release 3 goes on serving");
  await changeImage(cluster, 4);
  const fourth = await settled(cluster, appImage(4), "Stalled");
  await type(cluster, ...ARGUMENTS, "get", "databasemigrations");
  await type(
    cluster,
    ...ARGUMENTS,
    "get",
    "databasemigration",
    "web",
    "-o",
    'jsonpath={.status.conditions[?(@.type=="Stalled")].message}',
  );
  const { error } = fourth.status?.runs?.[0] ?? {};
  seen(
    "42P01, and it isn't tried again by itself",
    error?.code === "42P01" && condition(fourth, "Stalled")?.status === "True",
  );

  await type(cluster, ...ARGUMENTS, "get", "pods", "--selector=app.kubernetes.io/name=web");
  const pods = await podsOf(cluster);
  const waiting = pods.filter(({ spec }) => (spec.schedulingGates?.length ?? 0) > 0);
  const serving = pods.filter(({ status }) =>
    status.conditions?.some(({ type: is, status: s }) => is === "Ready" && s === "True"),
  );
  seen("a pod of release 4 waits, and both of release 3 serve", waiting.length === 1 && serving.length === 2);

  step("Back to release 3: what it needs is proved applied, so it is Ready without another run");
  await type(cluster, ...ARGUMENTS, "rollout", "undo", "deployment/web");
  const undone = await settled(cluster, appImage(3));
  await type(cluster, ...ARGUMENTS, "get", "databasemigrations", "-o", "wide");
  seen("Ready, by the same run as before", undone.status?.runs?.length === fourth.status?.runs?.length);

  step("The dashboard: all of it, live, for whoever has the token");
  const address = await dashboard.forward(stack);
  shell("kubectl -n lockkeeper port-forward deployment/lockkeeper :8080");
  say(`  ${address}   token: ${dashboard.token}`);
  seen("it lets in who has the token, and nobody else", await letsIn(address, dashboard.token));
  const program = await anyKubectl();
  return [
    `The dashboard: ${address}`,
    `  token: ${dashboard.token}`,
    "Look around:",
    `  export KUBECONFIG=${cluster.kubeconfig}`,
    ...(program.length === 1 ? [] : [`  alias kubectl='${program.join(" ")}'`]),
    "  kubectl -n shop describe databasemigration web",
    "  kubectl -n shop get jobs,pods",
    "  kubectl -n lockkeeper logs deployment/lockkeeper",
  ].join("\n");
}

/** All that the steps stand on, made at the same time. */
async function scenery(stack: AsyncDisposableStack) {
  const folder = stack.use(await temporaryFolder("demo"));
  const releases = stack.use(await growingFolder(join(EXAMPLE, "releases/2/drizzle")));
  const broken = stack.use(await growingFolder(releases.dir));
  const restDays = 'ALTER TABLE "workouts" ADD COLUMN "rest_day" boolean DEFAULT false NOT NULL;';
  await releases.add("0013_rest_days", restDays);
  await broken.add("0013_rest_days", restDays);
  await broken.add("0014_broken", 'ALTER TABLE "wrokouts" DROP COLUMN "notes";');
  const archive = join(folder.path, "app.tar");
  const app = writeAppImages(archive, [
    { number: 1, code: 1, migrations: join(EXAMPLE, "releases/1/drizzle") },
    { number: 2, code: 2, migrations: join(EXAMPLE, "releases/2/drizzle") },
    { number: 3, code: 2, migrations: releases.dir },
    { number: 4, code: 2, migrations: broken.dir },
  ]);
  const image = buildImage("localhost/lockkeeper:demo");
  const starting = clusterUp({ size: "full", name: `demo-${process.pid}` });
  // Deferred before it is there: Ctrl-C in the meantime waits for it, and takes it away.
  stack.defer(async () => {
    const cluster = await starting.catch(() => null);
    await cluster?.[Symbol.asyncDispose]();
  });
  for (const work of [app, image]) work.catch(() => {});
  const cluster = await starting;
  const server = stack.use(await startServer({ version: 18, address: cluster.hostAddress }));
  const { archive: own } = await image;
  await cluster.load(own);
  await app;
  await cluster.load(archive);
  return { cluster, ...(await databaseOf(server.url, cluster, stack)) };
}

/** A database of WorkoutLog's own role; its URL as pods need it, and a session that forgets to end its transaction. */
async function databaseOf(serverUrl: string, cluster: Cluster, stack: AsyncDisposableStack) {
  const { password } = new URL(serverUrl);
  const admin = new pg.Client(serverUrl);
  await admin.connect();
  await admin.query(`create role workoutlog login password ${pg.escapeLiteral(password)}`);
  await admin.query("create database workoutlog owner workoutlog");
  await admin.end();
  const local = new URL(serverUrl);
  local.username = "workoutlog";
  local.pathname = "/workoutlog";
  const remote = new URL(local);
  remote.hostname = cluster.hostAddress;
  const idle = async () => {
    const client = new pg.Client({ connectionString: local.href, application_name: "web" });
    client.on("error", () => {});
    stack.defer(async () => await client.end());
    await client.connect();
    await client.query("begin");
    await client.query("select count(*) from workouts");
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    return { pid: rows[0]?.pid ?? 0, end: async () => void (await client.query("rollback")) };
  };
  return { url: remote.href, idle };
}

type Pod = {
  metadata: { name: string; deletionTimestamp?: string };
  spec: { schedulingGates?: unknown[] };
  status: { conditions?: { type: string; status: string; lastTransitionTime: string }[] };
};

/** The app's pods, without those that are on their way out. */
async function podsOf(cluster: Cluster): Promise<Pod[]> {
  const listed = await cluster.kubectl(...ARGUMENTS, "get", "pods", "-l", "app.kubernetes.io/name=web", "-o", "json");
  const { items } = JSON.parse(listed) as { items: Pod[] };
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Those of the release's pods that got a node before its run had ended. Both times are whole seconds. */
async function startedBefore(cluster: Cluster, { status }: Migration): Promise<string[]> {
  const ended = Date.parse(status?.runs?.[0]?.finishedAt ?? "");
  if (Number.isNaN(ended)) throw new Error("the run has no end");
  const scheduledAt = (pod: Pod): number =>
    Date.parse(pod.status.conditions?.find(({ type: is }) => is === "PodScheduled")?.lastTransitionTime ?? "");
  const pods = await podsOf(cluster);
  return pods.filter((pod) => !(scheduledAt(pod) >= ended)).map(({ metadata }) => metadata.name);
}

const changeImage = async (cluster: Cluster, release: number): Promise<string> =>
  await type(cluster, ...ARGUMENTS, "set", "image", "deployment/web", `web=${appImage(release)}`);

/** Shows that this release's pods serve: ready is one whose queries work. */
async function served(cluster: Cluster, release: number): Promise<void> {
  await type(cluster, ...ARGUMENTS, "get", "databasemigrations");
  await cluster.kubectl(...ARGUMENTS, "rollout", "status", "deployment/web", "--timeout=180s");
  await type(cluster, ...ARGUMENTS, "get", "deployment", "web");
  const health = await type(cluster, "get", "--raw", `/api/v1/namespaces/${SHOP}/services/web:http/proxy/api/health`);
  const { status } = await get<Deployment>(cluster, "deployment", "web");
  const { status: is, release: serves } = JSON.parse(health) as { status: string; release: number };
  const isServed = is === "ok" && serves === release && status?.availableReplicas === 2 && status.updatedReplicas === 2;
  if (!isServed) throw new Error(`release ${release} doesn't serve: ${health} ${JSON.stringify(status)}`);
}

function isApplied({ status, ...migration }: Migration, version: string, count: number): boolean {
  const run = status?.runs?.[0];
  const ready = condition({ ...migration, status }, "Ready");
  const isReady = ready?.status === "True" && ready.reason === "Applied";
  return isReady && status?.schema?.version === version && run?.status === "SUCCESS" && run.applied?.length === count;
}

const isBlockedBy =
  (pid: number) =>
  (message: string): boolean =>
    new RegExp(`waiting [3-9] s for public\\.workouts, blocked by pid ${pid} \\(web, idle in transaction`).test(
      message,
    );
