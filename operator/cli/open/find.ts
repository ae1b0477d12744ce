/** Which pods wait at the gate, and of which release each of them is. */
import type { DatabaseMigration } from "../../../contract/resource/resource.ts";
import { PODS } from "../../api/kinds.ts";
import { pathOf } from "../../api/path.ts";
import type { Resource } from "../../api/path.ts";
import { controllerOf } from "../../kubernetes/objects.ts";
import type { Deployment, GatedPod, ReplicaSet } from "../../kubernetes/objects.ts";
import { wantedOf } from "../../release/target.ts";
import { isGated, namesOf } from "../../watch/gated.ts";
import { asked } from "../ask.ts";
import type { Cluster } from "../cluster.ts";
import { CliFailure, invalid } from "../failure.ts";
import { gatedPods } from "../gated-pods.ts";
import { readMigration } from "../resource.ts";

export type OpenPod = GatedPod & { spec: { containers?: { name: string; image: string }[] } };

export type Found = {
  deployment: Deployment | null;
  /** `replicaSet`: that which controls the pod; null where it has none or it may not be read. */
  pods: { pod: OpenPod; replicaSet: ReplicaSet | null }[];
};

const DEPLOYMENTS: Resource = { api: "/apis/apps/v1", plural: "deployments" };
const REPLICA_SETS: Resource = { api: "/apis/apps/v1", plural: "replicasets" };
const TYPES = new Map([
  ...["deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"].map(
    (type) => [type, "deployment"] as const,
  ),
  ...["pod", "pods", "po"].map((type) => [type, "pod"] as const),
]);

/** The pods of `deployment/NAME` that wait, of all its releases, or the one of `pod/NAME`. */
export async function findGated(operand: string, cluster: Cluster, signal: AbortSignal): Promise<Found> {
  const [type = "", name = "", more] = operand.split("/");
  const kind = TYPES.get(type.toLowerCase());
  if (kind === undefined || name === "" || more !== undefined) {
    throw invalid(
      `${JSON.stringify(operand)} names neither a Deployment nor a pod`,
      "Write deployment/NAME or pod/NAME.",
    );
  }
  if (kind === "pod") {
    const pod = await read<OpenPod>(PODS, "pods", name, cluster, signal);
    const replicaSet = await ownerOf(pod, cluster, signal).catch(unreadable);
    return { deployment: null, pods: isGated(pod) ? [{ pod, replicaSet }] : [] };
  }
  const deployment = await read<Deployment>(DEPLOYMENTS, "deployments.apps", name, cluster, signal);
  const known = new Map<string, Promise<ReplicaSet | null>>();
  const pods: Found["pods"] = [];
  for (const pod of await gatedPods<OpenPod>(cluster, signal)) {
    const uid = controllerOf(pod)?.uid ?? "";
    const owner = known.get(uid) ?? ownerOf(pod, cluster, signal);
    known.set(uid, owner);
    const replicaSet = await owner;
    if (replicaSet === null || controllerOf(replicaSet)?.uid !== deployment.metadata.uid) continue;
    pods.push({ pod, replicaSet });
  }
  return { deployment, pods };
}

/** The ReplicaSet that controls it, by its uid. */
async function ownerOf(pod: OpenPod, cluster: Cluster, signal: AbortSignal): Promise<ReplicaSet | null> {
  const owner = controllerOf(pod);
  if (owner?.kind !== "ReplicaSet") return null;
  const found = await read<ReplicaSet>(REPLICA_SETS, "replicasets.apps", owner.name, cluster, signal);
  return found.metadata.uid === owner.uid ? found : null;
}

/** A pod may be opened by whoever may read nothing else. */
function unreadable(error: unknown): null {
  if (error instanceof CliFailure) return null;
  throw error;
}

const read = async <T>(
  kind: Resource,
  resource: string,
  name: string,
  { api, namespace }: Cluster,
  signal: AbortSignal,
) =>
  await asked(
    async () => await api.request<T>("GET", pathOf(kind, namespace, name), { signal }),
    { verbs: "get", resource, namespace },
    { signal },
  );

const REVISION = "deployment.kubernetes.io/revision";

/** What would start, and what each resource that it waits for says of its release. */
export async function aboutPod(
  { pod, replicaSet }: Found["pods"][number],
  cluster: Cluster,
  signal: AbortSignal,
): Promise<string> {
  const images = (pod.spec.containers ?? []).map(({ image }) => image).join(", ");
  const revision = replicaSet?.metadata.annotations?.[REVISION];
  const names = namesOf(pod);
  const states = await Promise.all(names.map(async (name) => await stateFor(name, replicaSet, cluster, signal)));
  return [
    `pod/${pod.metadata.name}: ${images}${revision === undefined ? "" : `, revision ${revision}`}`,
    ...states.map((state, index) => `  waits for databasemigration/${names[index] ?? ""}: ${state}`),
    ...(names.length === 0 ? ["  names no DatabaseMigration: nobody would ever open it"] : []),
  ].join("\n");
}

async function stateFor(
  name: string,
  replicaSet: ReplicaSet | null,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<string> {
  try {
    return stateOf(await readMigration(cluster, name, { signal }), replicaSet);
  } catch (error) {
    if (error instanceof CliFailure) return error.message;
    throw error;
  }
}

function stateOf(migration: DatabaseMigration, replicaSet: ReplicaSet | null): string {
  const { status, spec } = migration;
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  const said = ready === undefined ? "no operator has looked at it" : `${ready.reason}: ${ready.message}`;
  const isFollowed = replicaSet !== null && controllerOf(replicaSet)?.name === spec.source.workload?.name;
  const key = isFollowed ? wantedOf(migration, replicaSet, 0)?.key : undefined;
  const release = (status.releases ?? []).find((one) => one.key === key);
  if (release === undefined) return `its release was never migrated; ${said}`;
  if (release.state === "Applied" && release.epoch === (status.epoch ?? 1))
    return "its release is applied: an operator would open it";
  const why = [release.reason, release.message].filter(Boolean).join(": ");
  return `its release is ${release.state}${why === "" ? "" : `: ${why}`}`;
}
