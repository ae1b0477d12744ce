/** The operator's caches with what a test puts there, and the ops app on them. */
import { API_VERSION, KIND, RUN_ANNOTATION, RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import { fakeClock } from "../clock-fixture.ts";
import { controllerOf } from "../kubernetes/objects.ts";
import type { ContainerState, GatedPod, Job, KubernetesObject, Pod } from "../kubernetes/objects.ts";
import { openInstruments } from "../metrics/instruments.ts";
import { resourcesText } from "../metrics/resources.ts";
import { resourcesOf } from "../watch/gated.ts";
import type { RawMigration } from "../watch/migration.ts";
import { createStore } from "../watch/store.ts";
import { openAnswers } from "./answers.ts";
import { createOpsApp } from "./app.ts";
import { openHold } from "./hold.ts";
import type { Hold } from "./hold.ts";
import { openLimit } from "./limit.ts";
import { openApiText } from "./openapi.ts";

export const TOKEN = "a-token-for-tests-0123456789";
const JOB_NAME = "batch.kubernetes.io/job-name";

const common = { trim: <T>(object: T) => object, onChange: () => undefined };
const meta = (name: string, more: object = {}): KubernetesObject["metadata"] => ({
  ...{ name, namespace: "shop", uid: `uid-${name}`, resourceVersion: "1" },
  creationTimestamp: "2026-02-28T23:00:00Z",
  ...more,
});

export function opsCaches() {
  const state = { synced: true, freshAt: Infinity };
  let version = 0;
  const stores = {
    migrations: createStore<RawMigration, "workload" | "database">({
      ...common,
      indexes: { workload: () => null, database: () => null },
    }),
    jobs: createStore<Job, "owner">({ ...common, indexes: { owner: (job) => controllerOf(job)?.uid ?? null } }),
    pods: createStore<Pod, "job">({
      ...common,
      indexes: { job: ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[JOB_NAME]}` },
    }),
    gated: createStore<GatedPod, "resource">({ ...common, indexes: { resource: resourcesOf } }),
  };
  return {
    ...stores,
    state,
    isSynced: () => state.synced,
    freshAt: () => state.freshAt,
    /** A resource of that name with this status, or another status of it. */
    resource(
      name: string,
      status: unknown,
      { spec = {}, namespace = "shop" }: { spec?: object; namespace?: string } = {},
    ) {
      const resourceVersion = String(++version);
      const metadata = meta(name, { namespace, resourceVersion });
      stores.migrations.event("MODIFIED", {
        apiVersion: API_VERSION,
        kind: KIND,
        metadata,
        spec,
        status,
      } as RawMigration);
    },
    /** A run's Job, and its pod where its container has a state. */
    job(name: string, container: ContainerState | null, pod: Partial<Pod["status"] & object> = {}) {
      const annotations = { [RUN_ANNOTATION.runId]: "run-1", [RUN_ANNOTATION.key]: "key", [RUN_ANNOTATION.epoch]: "1" };
      stores.jobs.event("ADDED", { metadata: meta(name, { annotations }) });
      if (container === null) return;
      const owner = { apiVersion: "batch/v1", kind: "Job", name, uid: `uid-${name}`, controller: true };
      stores.pods.event("ADDED", {
        metadata: meta(`${name}-pod`, { labels: { [JOB_NAME]: name }, ownerReferences: [owner] }),
        spec: {},
        status: { phase: "Running", containerStatuses: [{ name: RUNNER_CONTAINER, state: container }], ...pod },
      });
    },
    gone(name: string) {
      const found = stores.migrations.get(`shop/${name}`);
      if (found !== undefined) stores.migrations.event("DELETED", found);
    },
  };
}

export type OpsCaches = ReturnType<typeof opsCaches>;

type Given = { token?: string | null; caches?: OpsCaches; hold?: Hold };

/** The app on these caches. `app.request(path, init)` asks it. */
export function opsApp({ token = TOKEN, caches = opsCaches(), hold }: Given = {}) {
  const clock = fakeClock();
  if (caches.state.freshAt === Infinity) caches.state.freshAt = clock.now();
  const instruments = openInstruments();
  const state = { token };
  const errors: unknown[] = [];
  const app = createOpsApp({
    token: async () => await Promise.resolve(state.token),
    answer: openAnswers(caches, clock),
    limit: openLimit(clock),
    hold: hold ?? openHold(clock),
    metrics: async () => ({
      contentType: instruments.register.contentType,
      body: Buffer.from(`${await instruments.register.metrics()}${resourcesText(caches, instruments.runs)}`),
    }),
    openApi: openApiText,
    log: { error: (fields) => void errors.push(fields) },
  });
  const ask = async (path: string, init: RequestInit & { token?: string } = {}): Promise<Response> =>
    await app.request(path, {
      ...init,
      headers: { authorization: `Bearer ${init.token ?? TOKEN}`, ...(init.headers as Record<string, string>) },
    });
  return { app, ask, caches, clock, errors, instruments, state };
}
