/** A resource that follows a Deployment with a gated pod, before an API server that says what a test wants. */
import { DatabaseMigration } from "../../contract/resource/resource.ts";
import { server } from "../reconcile/server.fixture.ts";
import { releaseKey } from "../release/key.ts";
import type { RawMigration } from "../watch/migration.ts";
import { fakeCluster } from "./cluster.fixture.ts";
import type { PodOptions } from "./cluster.fixture.ts";

type Answer = Parameters<typeof server>[1];

const source = { workload: { name: "web" }, path: "/app/drizzle" };

/** `proved`: its release is applied already. */
export function stage({ proved = false, answer, ...pod }: PodOptions & { proved?: boolean; answer?: Answer } = {}) {
  const web = server({}, answer);
  web.change({ source });
  const cluster = fakeCluster();
  cluster.deploy("web", "web:1");
  const [set] = cluster.setsOf("web");
  if (set === undefined) throw new Error("no ReplicaSet");
  cluster.addPod(set, pod);
  for (const one of cluster.deployments.values()) web.stores.deployments.event("ADDED", one);
  web.stores.replicaSets.event("ADDED", set);
  for (const one of cluster.pods.values()) web.stores.gated.event("ADDED", one);
  const applied = (raw: RawMigration) => {
    const key = releaseKey(DatabaseMigration.parse({ ...raw, status: {} }), {
      replicaSet: set.metadata.uid,
      image: "web:1",
    });
    const release = { key, revision: 1, image: "web:1", version: "0001_a", epoch: 1, attempt: 1, job: "j", runId: "r" };
    return { epoch: 1, releases: [{ ...release, state: "Applied", failures: 0 }] };
  };
  const prove = (): void => {
    const raw = web.migration();
    web.stores.migrations.event("MODIFIED", {
      ...raw,
      metadata: { ...raw.metadata, resourceVersion: String(Number(raw.metadata.resourceVersion) + 1) },
      status: applied(raw),
    });
  };
  if (proved) prove();
  return { web, cluster, set, applied, pods: () => [...web.stores.gated.values()] };
}
