/** A reconcile's world with an API server that says what a test wants: for what happens between a decision and its acts. */
import { API_VERSION, KIND } from "../../contract/resource/names.ts";
import type { Status } from "../../contract/resource/status.ts";
import { ApiError } from "../api/api.ts";
import type { Method, RequestOptions } from "../api/api.ts";
import { fakeClock } from "../clock-fixture.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import { keyOf } from "../kubernetes/objects.ts";
import type { Deployment, GatedPod, Job, KubernetesObject, Pod, ReplicaSet } from "../kubernetes/objects.ts";
import { resourcesOf } from "../watch/gated.ts";
import { databaseOf } from "../watch/migration.ts";
import { openInstruments } from "../metrics/instruments.ts";
import type { RawMigration } from "../watch/migration.ts";
import { createStore } from "../watch/store.ts";
import type { Context } from "./context.ts";
import { openMemories } from "./memory.ts";
import { reconcile } from "./reconcile.ts";

type Call = { method: Method; path: string; body: unknown };

const owner = (object: KubernetesObject): string | null => controllerOf(object)?.uid ?? null;
const jobOf = ({ metadata }: Pod): string | null =>
  `${metadata.namespace}/${metadata.labels?.["batch.kubernetes.io/job-name"]}`;
const store = <T extends KubernetesObject, Index extends string = never>(
  indexes: Record<Index, (object: T) => string | readonly string[] | null>,
) => createStore<T, Index>({ indexes, trim: (object) => object, onChange: () => undefined });

const ofPod = (kind: string): string => (kind === KIND ? "" : `${kind} `);

/** RFC 7396. */
function merged(before: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const result = new Map<string, unknown>(Object.entries(before ?? {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merged(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** The resource `shop/web`, with this status. `answer` may refuse a call by throwing, or give its answer; else it is done. */
export function server(status: unknown = {}, answer: (call: Call) => unknown = () => undefined) {
  const clock = fakeClock();
  const calls: string[] = [];
  const events: string[] = [];
  let version = 1;
  const stores = {
    migrations: store<RawMigration, "workload" | "database">({ workload: () => null, database: databaseOf }),
    jobs: store<Job, "owner">({ owner }),
    pods: store<Pod, "job">({ job: jobOf }),
    gated: store<GatedPod, "resource">({ resource: resourcesOf }),
    deployments: store<Deployment>({}),
    replicaSets: store<ReplicaSet, "owner">({ owner }),
  };
  const at = (): string => new Date(clock.wall()).toISOString();
  const migration = (): RawMigration => stores.migrations.get("shop/web") as RawMigration;

  function done({ method, path, body }: Call): unknown {
    const sent = (body ?? {}) as { metadata: Partial<KubernetesObject["metadata"]>; status?: Status };
    const meta = { namespace: "shop", creationTimestamp: at(), resourceVersion: String(++version) };
    if (method === "PATCH" && path.includes("/pods/")) {
      const pod = stores.gated.get(`shop/${path.split("/").at(-1)}`) as GatedPod;
      const metadata = { ...pod.metadata, resourceVersion: meta.resourceVersion };
      stores.gated.remove(keyOf(pod), pod.metadata.uid);
      return { metadata, spec: {} };
    }
    if (method === "PATCH") {
      const known = migration();
      const metadata = { ...known.metadata, resourceVersion: meta.resourceVersion };
      return { ...known, metadata, status: merged(known.status, sent.status) };
    }
    if (method === "POST") return { metadata: { ...meta, uid: `uid-${version}`, ...sent.metadata } };
    if (method === "GET" && path.includes("pods")) return { items: [] };
    return {};
  }

  stores.migrations.event("ADDED", {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      ...{ name: "web", namespace: "shop", uid: "uid-web", resourceVersion: "1", generation: 1 },
      creationTimestamp: at(),
    },
    spec: {
      database: { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } },
      source: { image: { ref: "web:1" }, path: "/app/drizzle" },
    },
    status,
  } as RawMigration);

  const context: Context = {
    api: {
      request: async <Answer>(method: Method, path: string, { body }: RequestOptions = {}) => {
        const call = { method, path, body };
        calls.push(`${method} ${path.replace(/^.*namespaces\/shop\//, "").replace(/-[0-9a-f]{10}-/, "-HASH-")}`);
        return await Promise.resolve((answer(call) ?? done(call)) as Answer);
      },
      lines: () => {
        throw new Error("nothing is followed");
      },
    },
    caches: {
      ...stores,
      synced: Promise.resolve(),
      isSynced: () => true,
      freshAt: () => clock.now(),
      restarts: () => 0,
      relist: async () => await Promise.resolve(),
    },
    clock,
    runner: { runnerImage: "lockkeeper:1", runnerPullPolicy: "IfNotPresent" },
    imageVolumes: () => true,
    leads: () => true,
    followers: { start: () => undefined, stop: () => undefined, stopAll: () => undefined, get: () => null, size: 0 },
    recorder: {
      record: ({ reason, note, regarding }) => void events.push(`${ofPod(regarding.kind)}${reason}: ${note}`),
      flush: async () => await Promise.resolve(),
      dropped: 0,
    },
    memories: openMemories(),
    instruments: openInstruments(),
    log: { debug() {}, info() {}, warn() {}, error() {}, fatal() {} },
  };

  return {
    ...{ calls, events, clock, stores, migration, context },
    get status(): Status {
      return migration().status as Status;
    },
    message: (type = "Ready"): string =>
      (migration().status as Status).conditions?.find((one) => one.type === type)?.message ?? "",
    /** Another spec: `changes` go over it. */
    change(changes: Record<string, unknown>): void {
      const { metadata, spec, ...rest } = migration();
      const generation = (metadata.generation ?? 0) + 1;
      const changed = { ...metadata, generation, resourceVersion: String(++version) };
      stores.migrations.event("MODIFIED", { ...rest, metadata: changed, spec: { ...(spec as object), ...changes } });
    },
    /** Somebody takes the status away. */
    wipe(): void {
      const { metadata, spec } = migration();
      stores.migrations.event("MODIFIED", { metadata: { ...metadata, resourceVersion: String(++version) }, spec });
    },
    annotate(annotations: Record<string, string>): void {
      const { metadata, ...rest } = migration();
      const changed = { ...metadata, annotations, resourceVersion: String(++version) };
      stores.migrations.event("MODIFIED", { ...rest, metadata: changed });
    },
    look: async (key = "shop/web"): Promise<number | null> => await reconcile(key, context),
    /** Looks as often as the answers ask for it within that time. Gives how often that was. */
    async during(ms: number): Promise<number> {
      const end = clock.now() + ms;
      for (let looks = 1; ; looks++) {
        const again = await reconcile("shop/web", context);
        if (again === null || clock.now() + again > end || looks > 1_000) return looks;
        await clock.pass(again);
      }
    },
  };
}

/** What the API server says to what a quota doesn't allow. */
export const forbidden = (): ApiError => new ApiError(403, "Forbidden", "exceeded quota: jobs");
