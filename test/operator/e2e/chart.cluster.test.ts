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
const TOKEN = "canary-5b1d7e90c3a2";
const stack = new AsyncDisposableStack();
let scene: Scene;

beforeAll(async () => {
  const cluster = await sharedCluster();
  const api = apiOf(cluster.kubeconfig, stack);
  const [repository = "", tag = ""] = inject("image").split(":");
  const set = {
    ...{ "image.repository": repository, "image.tag": tag, "watch.allNamespaces": true, "crds.enabled": false },
    "ops.tokenSecret.name": "ops",
  };
  await applyCrd(cluster);
  await cluster.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "Secret", metadata: { name: "ops", namespace }, stringData: { token: TOKEN } },
  );
  stack.use(await installChart(cluster, "lockkeeper", { name: "lockkeeper", namespace, set }));
  const recorder = stack.use(await record(api));
  scene = { cluster, api, recorder, log: async () => await podLogs(cluster) };
});
afterAll(async () => await stack.disposeAsync());

it(
  "every replica answers with the Secret's token, and so does the Service; one of them leads",
  { concurrent: false },
  async ({ expect }) => {
    await using stage = await openStage(scene);
    await stage.files("web", { "0001_sets.sql": "create table sets (id int)" });
    const dbm = await stage.migrate("web");
    await dbm.settled("Applied");
    const pods = await scene.cluster.kubectl(
      "-n",
      namespace,
      "get",
      "pods",
      "--output=jsonpath={.items[*].metadata.name}",
    );
    const leads: number[] = [];
    for (const pod of pods.split(" ")) {
      const asked = await scene.cluster.kubectl(
        "-n",
        namespace,
        "exec",
        pod,
        "--",
        "/nodejs/bin/node",
        "--eval",
        ASK,
        stage.namespace,
      );
      const { own, service, none, metrics } = JSON.parse(asked) as Asked;
      expect([own.status, service.status, none.status]).toEqual([200, 200, 401]);
      for (const { text } of [own, service]) {
        expect(JSON.parse(text)).toMatchObject({
          status: "ok",
          migrations: [{ namespace: stage.namespace, name: "web", version: "0001_sets", pendingCount: 0 }],
        });
      }
      expect(metrics.text).toContain(`lockkeeper_ready{namespace="${stage.namespace}",name="web"} 1`);
      leads.push(Number(/^lockkeeper_leader (\d)$/m.exec(metrics.text)?.[1]));
    }
    expect(leads.toSorted()).toEqual([0, 1]);
    expect(JSON.stringify(await scene.log())).not.toContain(TOKEN);
  },
);

type Answer = { status: number; text: string };
type Asked = Record<"own" | "service" | "none" | "metrics", Answer>;

/** Runs in the operator's own container, which has the token as a file. */
const ASK = `
  const token = require("node:fs").readFileSync("/etc/lockkeeper/ops/token", "utf8").trim();
  const ask = async (url, authorization) => {
    const answer = await fetch(url, { headers: { authorization } });
    return { status: answer.status, text: await answer.text() };
  };
  (async () => {
    const path = "/api/ops/migrations?namespace=" + process.argv[1];
    const own = await ask("http://127.0.0.1:8080" + path, "Bearer " + token);
    const service = await ask("http://lockkeeper-ops.${namespace}:8080" + path, "Bearer " + token);
    const none = await ask("http://127.0.0.1:8080" + path, "Bearer wrong");
    const metrics = await ask("http://127.0.0.1:8080/metrics", "");
    console.log(JSON.stringify({ own, service, none, metrics }));
  })();
`;

// It takes a replica away, which the one before asks.
it(
  "goes on with a run when the leader's pod is killed, with the other one",
  { concurrent: false },
  async ({ expect }) => {
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
  },
);

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
