/** The operator as users have it: two replicas in the cluster, installed by the chart. */
import { afterAll, beforeAll, inject, it } from "vitest";
import { installChart } from "../helm-install.ts";
import { applyCrd } from "../install.ts";
import type { LogLine } from "../operator-process.ts";
import { record, until } from "./recorder.ts";
import { apiOf, sharedCluster } from "./scene.ts";
import type { Scene } from "./scene.ts";
import { openStage } from "./stage.ts";

const namespace = "e2e-chart";
const stack = new AsyncDisposableStack();
let scene: Scene;

beforeAll(async () => {
  const cluster = await sharedCluster();
  const api = apiOf(cluster.kubeconfig, stack);
  const [repository = "", tag = ""] = inject("image").split(":");
  const set = { "image.repository": repository, "image.tag": tag, "watch.allNamespaces": true, "crds.enabled": false };
  await applyCrd(cluster);
  stack.use(await installChart(cluster, "lockkeeper", { name: "lockkeeper", namespace, set }));
  const recorder = stack.use(await record(api));
  scene = { cluster, api, recorder, log: async () => await podLogs(cluster) };
});
afterAll(async () => await stack.disposeAsync());

it("goes on with a run when the leader's pod is killed, with the other one", async ({ expect }) => {
  await using stage = await openStage(scene);
  const reader = await stage.reader("held");
  await stage.files("web", { "0001_held.sql": "alter table held add b int;" });
  const dbm = await stage.migrate("web", { lock: { timeout: "100s", retries: 0 } });
  await dbm.saw("Reconciling", { reason: "WaitingForLock" });
  const leader = await holder();
  await scene.cluster.kubectl("-n", namespace, "delete", "pod", leader, "--grace-period=0", "--force");
  await until(
    async () => ![leader, ""].includes(await holder()),
    () => "another pod leads",
  );
  await reader.end();
  expect(await dbm.settled("Applied")).toMatch(/^0001_held; 1 applied/);
  expect(dbm.runs().map(({ status }) => status)).toEqual(["SUCCESS"]);
  const log = JSON.stringify(await scene.log());
  expect(log).not.toMatch(/"status":403|is forbidden:/);
});

const holder = async (): Promise<string> => {
  const query = ["-o", "jsonpath={.items[0].spec.holderIdentity}"];
  return await scene.cluster.kubectl("-n", namespace, "get", "leases.coordination.k8s.io", ...query);
};

async function podLogs({ kubectl }: Scene["cluster"]): Promise<LogLine[]> {
  const selector = "--selector=app.kubernetes.io/name=lockkeeper";
  const text = await kubectl("-n", namespace, "logs", selector, "--tail=-1");
  return text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as LogLine);
}
