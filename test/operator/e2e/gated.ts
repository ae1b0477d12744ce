/** Deployments whose pods wait at the gate, and what becomes of them. */
import { setTimeout as sleep } from "node:timers/promises";
import { podOf } from "../../cluster/job.ts";
import { watch } from "./recorder.ts";
import type { Migration } from "./recorder.ts";
import { SERVED_PATH } from "./sources.ts";
import type { Stage } from "./stage.ts";

export type Pod = {
  metadata: { name: string; uid: string; resourceVersion: string; deletionTimestamp?: string };
  spec: { schedulingGates?: unknown[]; containers: { image: string }[] };
  status: { phase: string };
};

export const source = { workload: { name: "web" }, path: SERVED_PATH, format: "Sql" };

export type Gated = { kind?: string; names?: string | null; replicas?: number; [field: string]: unknown };

/** A Deployment, or another kind, whose pods wait at the gate for what `names` says; without it, for nothing. `more`: of its spec. */
export function gated(
  name: string,
  image: string,
  { kind = "Deployment", names = "web", replicas = 2, ...more }: Gated = {},
) {
  const labels = { app: name };
  const metadata = { labels, annotations: names === null ? {} : { "lockkeeper.dev/migration": names } };
  const container = { image, command: ["/bin/sleep", "3600"] };
  const user = {
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
  };
  const spec = { schedulingGates: [{ name: "lockkeeper.dev/migration" }], ...podOf(container, user) };
  const keepsOld = { strategy: { rollingUpdate: { maxUnavailable: 0 } }, progressDeadlineSeconds: 3_600 };
  return {
    apiVersion: "apps/v1",
    kind,
    metadata: { name },
    spec: {
      ...{ replicas, selector: { matchLabels: labels }, template: { metadata, spec } },
      ...(kind === "Deployment" ? keepsOld : { serviceName: name }),
      ...more,
    },
  };
}

export async function podsOf(stage: Stage, app: string): Promise<Pod[]> {
  const { items } = JSON.parse(await stage.kubectl("get", "pods", "-l", `app=${app}`, "-o", "json")) as {
    items: Pod[];
  };
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

export const isRunning = ({ status }: Pod): boolean => status.phase === "Running";
export const waits = ({ spec }: Pod): boolean => (spec.schedulingGates?.length ?? 0) > 0;
export const imageOf = ({ spec }: Pod): string | undefined => spec.containers[0]?.image;

/** Until so many pods of the app run that image. */
export async function running(stage: Stage, app: string, image: string, count: number): Promise<void> {
  let last: Pod[] = [];
  const check = async (): Promise<true | null> => {
    last = await podsOf(stage, app);
    return last.filter((pod) => isRunning(pod) && imageOf(pod) === image).length === count ? true : null;
  };
  for (let tries = 0; tries < 300; tries++) {
    if ((await check()) !== null) return;
    await sleep(200);
  }
  throw new Error(`${count} pods of ${app} with ${image} don't run: ${JSON.stringify(last)}`);
}

export const eventsOf = async (stage: Stage, kind: string): Promise<string> =>
  await stage.kubectl(
    "get",
    "events.events.k8s.io",
    "-o",
    `jsonpath={range .items[?(@.regarding.kind=="${kind}")]}{.reason}: {.note}{"\\n"}{end}`,
  );

export type Started = Disposable & {
  /** The pods that were open before a release of their image was written as applied: by the order of the server's own store. */
  early(states: readonly Migration[]): string[];
  /** How many pods were seen open. */
  count(): number;
};

/** Watches the namespace's pods of that app from now on. */
export async function watchStarts({ scene, namespace }: Stage, app: string): Promise<Started> {
  const stop = new AbortController();
  const seen = await watch<Pod>(scene.api, `/api/v1/namespaces/${namespace}/pods`, `app=${app}`, stop.signal);
  const opened = (): Pod[] => {
    const pods = new Map<string, Pod>();
    for (const { object } of seen)
      if (!waits(object) && !pods.has(object.metadata.name)) pods.set(object.metadata.name, object);
    return [...pods.values()];
  };
  const version = ({ metadata }: { metadata: { resourceVersion: string } }): number => Number(metadata.resourceVersion);
  return {
    early(states) {
      const provedAt = (image: string | undefined): number =>
        Math.min(
          ...states
            .filter(({ status }) => status?.releases?.some((one) => one.image === image && one.state === "Applied"))
            .map(version),
        );
      return opened()
        .filter((pod) => version(pod) <= provedAt(imageOf(pod)))
        .map(({ metadata }) => metadata.name);
    },
    count: () => opened().length,
    [Symbol.dispose]: () => stop.abort(),
  };
}
