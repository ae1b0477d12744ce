/** The operator as users have it: two replicas in the cluster, installed by the chart, with a token and the check's CronJob. */
import { afterAll, beforeAll, inject } from "vitest";
import { forward } from "../../cluster/forward.ts";
import type { Forward } from "../../cluster/forward.ts";
import { endOf } from "../../cluster/job.ts";
import type { Outcome } from "../../cluster/job.ts";
import { installChart } from "../helm-install.ts";
import { applyCrd } from "../install.ts";
import type { LogLine } from "../operator-process.ts";
import { record } from "./recorder.ts";
import { apiOf, sharedCluster } from "./scene.ts";
import type { Scene } from "./scene.ts";

export type ChartScene = Scene & {
  /** The operator's. */
  namespace: string;
  /** Of the ops endpoint and the dashboard. */
  token: string;
  /** In that namespace. */
  kubectl(...args: string[]): Promise<string>;
  /** The ops Service's port on this machine. */
  ops(): Promise<Forward>;
  /** A Job of the check's own CronJob, now, to its end. */
  check(job: string): Promise<Outcome>;
  /** What the check tells of what is critical: makes the webhook's URL known to it, and the way to its port free. */
  tells(webhook: URL): Promise<void>;
};

const TOKEN = "canary-5b1d7e90c3a2";
export const OPERATORS = "--selector=app.kubernetes.io/name=lockkeeper";

/** The scene of this file: there from the first test to the last. */
export function chartSceneOf(namespace: string): () => ChartScene {
  let scene: ChartScene | undefined;
  const stack = new AsyncDisposableStack();
  beforeAll(async () => {
    const cluster = await sharedCluster();
    const api = apiOf(cluster.kubeconfig, stack);
    const [repository = "", tag = ""] = inject("image").split(":");
    const set = {
      ...{ "image.repository": repository, "image.tag": tag, "watch.allNamespaces": true, "crds.enabled": false },
      ...{ "ops.tokenSecret.name": "ops", "check.enabled": true, "check.strict": true },
      // Never of itself: tests say when.
      ...{ "check.schedule": "0 0 29 2 *", "check.notifyUrlSecret.name": "hook" },
    };
    await applyCrd(cluster);
    await cluster.apply(
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      { apiVersion: "v1", kind: "Secret", metadata: { name: "ops", namespace }, stringData: { token: TOKEN } },
    );
    stack.use(await installChart(cluster, "lockkeeper", { name: "lockkeeper", namespace, set }));
    const recorder = stack.use(await record(api));
    const kubectl = async (...args: string[]): Promise<string> => await cluster.kubectl("-n", namespace, ...args);
    scene = {
      ...{ cluster, api, recorder, namespace, token: TOKEN, kubectl },
      log: async () => linesOf(await kubectl("logs", OPERATORS, "--tail=-1")),
      ops: async () => await forward(cluster, { namespace, target: "service/lockkeeper-ops", port: 8080 }),
      async check(name) {
        await kubectl("create", "job", name, "--from=cronjob/lockkeeper-check");
        return await endOf(cluster, { namespace, name });
      },
      tells: async (webhook) => await cluster.apply(...wayTo(webhook, namespace)),
    };
  });
  afterAll(async () => await stack.disposeAsync());
  return () => {
    if (scene === undefined) throw new Error("The scene isn't there before the first test.");
    return scene;
  };
}

/** Where a cluster minds policies, the chart's own lets the check go to port 443 only. */
function wayTo({ href, port }: URL, namespace: string): unknown[] {
  const metadata = { name: "hook", namespace };
  const podSelector = { matchLabels: { "app.kubernetes.io/name": "lockkeeper-check" } };
  const spec = { podSelector, policyTypes: ["Egress"], egress: [{ ports: [{ port: Number(port) }] }] };
  return [
    { apiVersion: "v1", kind: "Secret", metadata, stringData: { url: href } },
    { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", metadata, spec },
  ];
}

const linesOf = (text: string): LogLine[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as LogLine);
