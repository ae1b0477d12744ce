/** A Deployment with its ReplicaSet and gated pods as its controllers would make them: there are none. */
import { API_VERSION, GATE, KIND, LABEL } from "../../../contract/resource/names.ts";
import type { Call, Client } from "../operator/client.ts";
import { migrationsPath, podsPath } from "../operator/resources.ts";

const REVISION = { "deployment.kubernetes.io/revision": "1" };
const image = "ghcr.io/acme/web:1.4.2";

const post = (path: string, object: unknown): Call => ({ method: "POST", path, body: JSON.stringify(object) });
const appsPath = (namespace: string, plural: string): string => `/apis/apps/v1/namespaces/${namespace}/${plural}`;

/** What a gated pod is of. */
export type Workload = { name: string; replicaSet: { name: string; uid: string } };

/** Makes the Deployment, its one ReplicaSet, and a resource that follows it. */
export async function makeWorkload(client: Client, namespace: string, name: string): Promise<Workload> {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "web", image }] } };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  const meta = { name, namespace, annotations: REVISION };
  const make = async (plural: string, object: object): Promise<string> => {
    const made = JSON.parse(await client.send(post(appsPath(namespace, plural), object))) as {
      metadata: { uid: string };
    };
    return made.metadata.uid;
  };
  const uid = await make("deployments", { apiVersion: "apps/v1", kind: "Deployment", metadata: meta, spec });
  const ownerReferences = [{ apiVersion: "apps/v1", kind: "Deployment", name, uid, controller: true }];
  const owned = { apiVersion: "apps/v1", kind: "ReplicaSet", metadata: { ...meta, ownerReferences }, spec };
  const replicaSet = { name, uid: await make("replicasets", owned) };
  await client.send({
    method: "PATCH",
    path: `${appsPath(namespace, "deployments")}/${name}/status`,
    type: "application/merge-patch+json",
    body: JSON.stringify({ status: { observedGeneration: 1 } }),
  });
  const database = { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } };
  const source = { workload: { name }, path: "/app/drizzle" };
  await client.send(
    post(migrationsPath(namespace), {
      ...{ apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace } },
      spec: { database, source, drift: { interval: "0s" } },
    }),
  );
  return { name, replicaSet };
}

export const createPod = (namespace: string, { name: migration, replicaSet }: Workload, name: string): Call =>
  post(podsPath(namespace), {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...{ name, namespace, annotations: { [GATE]: migration }, labels: { app: migration, [LABEL.name]: migration } },
      ownerReferences: [{ apiVersion: "apps/v1", kind: "ReplicaSet", controller: true, ...replicaSet }],
    },
    spec: { schedulingGates: [{ name: GATE }], containers: [{ name: "web", image }] },
  });

/** The very patch that the operator sends, but for the uid and resourceVersion. */
export const openPod = (namespace: string, name: string, is: { uid: string; resourceVersion: string }): Call => ({
  method: "PATCH",
  path: `${podsPath(namespace)}/${name}`,
  type: "application/strategic-merge-patch+json",
  body: JSON.stringify({ metadata: is, spec: { schedulingGates: [{ $patch: "delete", name: GATE }] } }),
});
