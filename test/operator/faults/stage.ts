/** A control plane with the chart's rights, a kubelet that is played, and a record of every status that was ever there. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { API_VERSION, KIND } from "../../../contract/resource/names.ts";
import type { Status } from "../../../contract/resource/status.ts";
import { connect } from "../../../operator/api/connect.ts";
import { MIGRATIONS } from "../../../operator/api/kinds.ts";
import { pathOf } from "../../../operator/api/path.ts";
import { createApi } from "../../../operator/api/request.ts";
import { ApiError, isApiError } from "../../../operator/api/api.ts";
import type { Api } from "../../../operator/api/api.ts";
import { systemClock } from "../../../operator/clock.ts";
import { keyOf } from "../../../operator/kubernetes/objects.ts";
import type { KubernetesObject } from "../../../operator/kubernetes/objects.ts";
import { clusterUp } from "../../cluster/cluster.ts";
import type { Cluster } from "../../cluster/provider.ts";
import { bundle } from "../../runner/bundled.ts";
import { installOperator } from "../install.ts";
import type { Installed } from "../install.ts";
import { startOperator } from "../operator-process.ts";
import type { OperatorOptions, OperatorProcess } from "../operator-process.ts";
import { startApiProxy } from "../proxy.ts";
import type { ApiProxy } from "../proxy.ts";
import { follow } from "./follow.ts";
import { startKubelet } from "./kubelet.ts";
import type { Kubelet } from "./kubelet.ts";
import type { Play } from "./playbook.ts";

export type Migration = KubernetesObject & { spec: Record<string, unknown>; status?: Status };

export type Stage = AsyncDisposable & {
  /** The operator, bundled: it is started a hundred times, and from source each start takes six times as long. */
  program: string;
  cluster: Cluster;
  /** With an administrator's rights, and not through a proxy. */
  api: Api;
  installed: Installed;
  kubelet: Kubelet;
  /** Every state of every resource, by `NAMESPACE/NAME`, in order. */
  states: Map<string, Migration[]>;
};

/** Where the operator is, and its lease. */
export const HOME = "lockkeeper";

export async function openStage(): Promise<Stage> {
  const [cluster, bundled] = await Promise.all([clusterUp({ size: "control-plane" }), bundle()]);
  const installed = await installOperator(cluster, { namespace: HOME, values: { watch: { allNamespaces: true } } });
  const { kubeconfig } = cluster;
  const connection = connect({ kubeconfig, inCluster: false, userAgent: "faults" }, systemClock.now);
  const api = createApi(connection);
  const kubelet = await startKubelet(api);
  const stop = new AbortController();
  const states = new Map<string, Migration[]>();
  await follow<Migration>(api, { path: pathOf(MIGRATIONS, null), signal: stop.signal }, ({ type, object }) => {
    if (type === "DELETED") return;
    const known = states.get(keyOf(object));
    if (known === undefined) states.set(keyOf(object), [object]);
    else known.push(object);
  });
  return {
    ...{ cluster, api, installed, kubelet, states, program: join(bundled.dir, "lockkeeper-operator.cjs") },
    async [Symbol.asyncDispose]() {
      stop.abort();
      kubelet[Symbol.dispose]();
      connection.close();
      for (const scope of [installed, cluster, bundled]) await scope[Symbol.asyncDispose]();
    },
  };
}

export async function newNamespace({ api }: Stage, name: string): Promise<string> {
  await api.request("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
  return name;
}

export const IMAGE = "ghcr.io/acme/web:1.4.2";

/** Tried again soon, and without the Jobs of a check for drift. */
export const spec = (changes: Record<string, unknown> = {}) => ({
  database: { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } },
  source: { image: { ref: IMAGE }, path: "/app/drizzle" },
  retry: { backoff: "200ms" },
  drift: { interval: "0s" },
  ...changes,
});

/** Makes a resource whose runs go as the plays say, by attempt. Gives `NAMESPACE/NAME`. */
export async function create(
  { api, kubelet }: Stage,
  { namespace, name, plays }: { namespace: string; name: string; plays?: Play[] },
  changes: Record<string, unknown> = {},
): Promise<string> {
  const key = `${namespace}/${name}`;
  if (plays !== undefined) kubelet.plays.set(key, plays);
  const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name }, spec: spec(changes) };
  await persist(async () => await api.request("POST", pathOf(MIGRATIONS, namespace), { body }));
  return key;
}

/** The test's own request, which the API server that it kills may take with it. */
async function persist(ask: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries++, await sleep(500)) {
    try {
      await ask();
      return;
    } catch (error) {
      if (isApiError(error, "AlreadyExists") && tries > 0) return;
      if (!(error instanceof ApiError) || (error.status !== 0 && error.status < 500) || tries === 20) throw error;
    }
  }
}

export const change = async ({ api }: Stage, key: string, body: object): Promise<void> => {
  const [namespace = "", name = ""] = key.split("/");
  const path = pathOf(MIGRATIONS, namespace, name);
  await persist(async () => await api.request("PATCH", path, { patch: "merge", body }));
};

export const latest = ({ states }: Stage, key: string): Migration | undefined => states.get(key)?.at(-1);

/** `True Applied`, say; empty where there is no such condition. */
export function condition(stage: Stage, key: string, type = "Ready"): string {
  const found = latest(stage, key)?.status?.conditions?.find((one) => one.type === type);
  return found === undefined ? "" : `${found.status} ${found.reason}`;
}

/** The operator's way to the API server, with the rights of its own account. */
export const wayTo = async ({ installed }: Stage): Promise<ApiProxy> =>
  await startApiProxy({ kubeconfig: installed.kubeconfig });

type Started = Omit<OperatorOptions, "kubeconfig" | "namespace"> & { way: ApiProxy };

export const startHere = async ({ program }: Stage, { way, ...options }: Started): Promise<OperatorProcess> =>
  await startOperator({ program, ...options, kubeconfig: way.kubeconfig, namespace: HOME });

/** Waits until it is so: longer than a watch that died in silence goes unnoticed. */
export async function until(
  what: string,
  isSo: () => boolean,
  { ms = 150_000, say = (): string => "" } = {},
): Promise<void> {
  for (const end = performance.now() + ms; !isSo(); await sleep(10)) {
    if (performance.now() > end) throw new Error(`Not in ${ms / 1_000} s: ${what} ${say()}`);
  }
}
