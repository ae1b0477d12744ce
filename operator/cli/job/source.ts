/** What a run by hand is made from: the image of now, how its files leave it, and the runner's own image. */
import { LABEL, MANAGED_BY, RUNNER_CONTAINER } from "../../../contract/resource/names.ts";
import type { DatabaseMigration } from "../../../contract/resource/resource.ts";
import { JOBS } from "../../api/kinds.ts";
import { pathOf } from "../../api/path.ts";
import type { Resource } from "../../api/path.ts";
import { serverSupportsImageVolumes } from "../../job/image-volumes.ts";
import type { RunSource } from "../../job/order.ts";
import type { RunnerSettings } from "../../job/runner-settings.ts";
import type { Deployment, KubernetesObject, PodTemplate } from "../../kubernetes/objects.ts";
import { asked } from "../ask.ts";
import type { Cluster } from "../cluster.ts";
import { CliFailure, invalid } from "../failure.ts";
import { list } from "../list.ts";

const DEPLOYMENTS: Resource = { api: "/apis/apps/v1", plural: "deployments" };

export type Source = { source: RunSource; template: PodTemplate | null };

/** What the resource's source is now: of a Deployment, the image of its pod template. */
export async function sourceNow(
  migration: DatabaseMigration,
  runner: RunnerSettings,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Source> {
  const { workload, image, configMap } = migration.spec.source;
  if (configMap !== undefined) return { source: { from: "configMap", name: configMap.name }, template: null };
  const found = workload === undefined ? null : await templateOf(workload, cluster, signal);
  const reference = found?.image ?? image?.ref ?? "";
  const pullPolicy = image?.pullPolicy ?? "IfNotPresent";
  const copy = await copyOf(migration, reference, { runner, cluster, signal });
  return { source: { from: "image", image: reference, pullPolicy, copy }, template: found?.template ?? null };
}

async function templateOf(
  { name, container }: NonNullable<DatabaseMigration["spec"]["source"]["workload"]>,
  { api, namespace }: Cluster,
  signal: AbortSignal,
): Promise<{ template: PodTemplate; image: string }> {
  const ask = async () => await api.request<Deployment>("GET", pathOf(DEPLOYMENTS, namespace, name), { signal });
  const { spec } = await asked(ask, { verbs: "get", resource: "deployments.apps", namespace }, { signal });
  const { containers } = spec.template.spec;
  const found = container === undefined ? containers[0] : containers.find((one) => one.name === container);
  if (found === undefined) throw invalid(`the Deployment ${name} has no container ${JSON.stringify(container)}`);
  return { template: spec.template, image: found.image };
}

/** As the operator does it: as the spec says, as it went before, or as the API server can. */
async function copyOf(
  { spec, status, metadata }: DatabaseMigration,
  image: string,
  { runner, cluster, signal }: { runner: RunnerSettings; cluster: Cluster; signal: AbortSignal },
): Promise<"ImageVolume" | "InitContainer"> {
  if (spec.source.copy !== "Auto") return spec.source.copy;
  const known = (status.releases ?? []).find((release) => release.image === image)?.copy;
  if (known !== undefined) return known;
  const { namespace } = metadata;
  const canMount = await serverSupportsImageVolumes(cluster.api, { namespace, runner, signal });
  return canMount === true ? "ImageVolume" : "InitContainer";
}

type Container = { name: string; image: string; imagePullPolicy?: string; env?: { name: string; value?: string }[] };
type WithPods = KubernetesObject & { spec: { template: { spec: { containers: Container[] } } } };

/** The runner's image: as asked, as in the resource's last Job, or as the operator's Deployment has it. */
export async function runnerOf(
  migration: DatabaseMigration,
  given: string | undefined,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<RunnerSettings> {
  if (given !== undefined) return { runnerImage: given, runnerPullPolicy: "IfNotPresent" };
  const found = (await ofLastJob(migration, cluster, signal)) ?? (await ofOperator(cluster, signal));
  if (found !== null) return found;
  throw invalid(
    "which image the runner is in can't be told: there is no Job of the resource, and no operator to be seen",
    "Name it by --runner-image.",
  );
}

async function ofLastJob(
  { metadata }: DatabaseMigration,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<RunnerSettings | null> {
  const { namespace, name } = metadata;
  const query = { labelSelector: `${LABEL.managedBy}=${MANAGED_BY},${LABEL.instance}=${name}` };
  const jobs = await unlessRefused(
    list<WithPods>(cluster, { kind: JOBS, name: "jobs.batch", namespace, query }, signal),
  );
  const newest = jobs.toSorted((a, b) => b.metadata.creationTimestamp.localeCompare(a.metadata.creationTimestamp))[0];
  const container = newest?.spec.template.spec.containers.find((one) => one.name === RUNNER_CONTAINER);
  return container === undefined
    ? null
    : { runnerImage: container.image, runnerPullPolicy: policyOf(container.imagePullPolicy) };
}

async function ofOperator(cluster: Cluster, signal: AbortSignal): Promise<RunnerSettings | null> {
  const query = { labelSelector: `${LABEL.name}=lockkeeper` };
  for (const namespace of [null, cluster.namespace]) {
    const what = { kind: DEPLOYMENTS, name: "deployments.apps", namespace, query };
    const containers = (await unlessRefused(list<WithPods>(cluster, what, signal))).flatMap(
      ({ spec }) => spec.template.spec.containers,
    );
    const values = (name: string) =>
      containers.flatMap(({ env = [] }) => env.find((one) => one.name === name)?.value ?? []);
    const [runnerImage] = values("LOCKKEEPER_RUNNER_IMAGE");
    if (runnerImage !== undefined)
      return { runnerImage, runnerPullPolicy: policyOf(values("LOCKKEEPER_RUNNER_PULL_POLICY")[0]) };
  }
  return null;
}

async function unlessRefused<T>(asking: Promise<T[]>): Promise<T[]> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof CliFailure) return [];
    throw error;
  }
}

const policyOf = (text: string | undefined): RunnerSettings["runnerPullPolicy"] =>
  text === "Always" || text === "Never" ? text : "IfNotPresent";
