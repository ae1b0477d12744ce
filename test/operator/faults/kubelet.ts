/**
 * Job controller, kubelet and garbage collector for a control plane that has none: a Job gets its pod, the pod an end as
 * the test's playbook says, and what is deleted goes with what belongs to it.
 */
import { LABEL, MANAGED_BY, RUN_ANNOTATION, RUNNER_CONTAINER } from "../../../contract/resource/names.ts";
import { isApiError } from "../../../operator/api/api.ts";
import type { Api } from "../../../operator/api/api.ts";
import { JOBS, MIGRATIONS, PODS } from "../../../operator/api/kinds.ts";
import { pathOf } from "../../../operator/api/path.ts";
import { controllerOf } from "../../../operator/kubernetes/objects.ts";
import type { Job, KubernetesObject, Pod } from "../../../operator/kubernetes/objects.ts";
import { report as reportOf } from "../../../operator/outcome/report-fixture.ts";
import { follow } from "./follow.ts";
import { SUCCESS } from "./playbook.ts";
import type { Play } from "./playbook.ts";

/** A Job as it was made, and what became of it. `ended` and `gone`: nothing of it can run any more. */
export type Run = {
  resource: string;
  owner: string;
  job: Job;
  command: string;
  runId: string;
  attempt: number;
  /** Key, epoch and attempt: what one Job is made for, once. */
  order: string;
  pods: number;
  status: string | null;
  gone: boolean;
};

export type Kubelet = Disposable & {
  /** What becomes of the Jobs of a resource (`NAMESPACE/NAME`), in their order; the last goes for all that follow. */
  plays: Map<string, Play[]>;
  /** Every Job that was made, in order. */
  runs: Run[];
  /** Jobs that were made while another one of the resource's could still run, by resource. */
  overlaps: Map<string, string[]>;
  /** How far the nodes' clocks are ahead, ms. */
  offMs: number;
};

type Finalized = KubernetesObject & { metadata: { finalizers?: string[] } };
const OURS = { labelSelector: `${LABEL.managedBy}=${MANAGED_BY}` };
const TRACKED = "batch.kubernetes.io/job-tracking";

/** Returns once it watches. */
export async function startKubelet(api: Api): Promise<Kubelet> {
  const stop = new AbortController();
  const { signal } = stop;
  const runs: Run[] = [];
  const overlaps: Kubelet["overlaps"] = new Map();
  const plays = new Map<string, Play[]>();
  const self: Kubelet = { plays, runs, overlaps, offMs: 0, [Symbol.dispose]: () => stop.abort() };
  const runOf = (uid: string | undefined) => runs.find(({ job }) => job.metadata.uid === uid);
  const at = (): string => `${new Date(Date.now() + self.offMs).toISOString().slice(0, 19)}Z`;

  function begin(job: Job): void {
    const { namespace, labels = {}, annotations = {} } = job.metadata;
    const owner = controllerOf(job)?.uid ?? "";
    const attempt = Number(annotations[RUN_ANNOTATION.attempt]);
    const { key, epoch, command, runId } = RUN_ANNOTATION;
    const run: Run = {
      ...{ owner, job, attempt, pods: 0, status: null, gone: false },
      resource: `${namespace}/${labels[LABEL.instance]}`,
      command: annotations[command] ?? "",
      runId: annotations[runId] ?? "",
      order: [annotations[key], annotations[epoch], attempt].join(" "),
    };
    const other = runs.find((each) => each.owner === owner && each.status === null && !each.gone);
    if (other !== undefined) {
      const known = overlaps.get(run.resource) ?? [];
      overlaps.set(run.resource, [...known, `${job.metadata.name} beside ${other.job.metadata.name}`]);
    }
    runs.push(run);
    const scripted = plays.get(run.resource) ?? [SUCCESS];
    const count = runs.filter(({ resource }) => resource === run.resource).length;
    void quietly(play(run, scripted[count - 1] ?? scripted.at(-1) ?? SUCCESS));
  }

  async function play(run: Run, { first, until, report = {}, sidecar = false }: Play): Promise<void> {
    const never = first !== undefined && until === undefined;
    if (first === "no-pod") return;
    const { namespace, name, uid, annotations = {} } = run.job.metadata;
    const pod = `${name.slice(0, 50)}-${uid.slice(0, 5)}`;
    run.pods++;
    await api.request("POST", pathOf(PODS, namespace), { body: podOf(run.job, pod) });
    const tell = async (state: object, isOver = false): Promise<void> => {
      const status = (of: string, is: object) => ({
        ...{ name: of, image: "i", imageID: "i", ready: false, restartCount: 0, state: is },
      });
      const beside = sidecar ? [status("beside", { running: { startedAt: at() } })] : [];
      const phase = isOver && !sidecar ? "Succeeded" : "Running";
      const containerStatuses = [status(RUNNER_CONTAINER, state), ...beside];
      await patch(pathOf(PODS, namespace, pod, "status"), {
        status: { phase, startTime: at(), containerStatuses },
      });
    };
    if (first?.startsWith("waiting: ")) await tell({ waiting: { reason: first.slice(9), message: "no such image" } });
    if (first === "running") await tell({ running: { startedAt: at() } });
    if (never) return;
    await until;
    // Each resource has a database of its own: those that share one look at one another.
    const database = { systemIdentifier: "7", name: "shop", oid: 16_384 + parseInt(run.owner.slice(0, 6), 16) };
    const { command, key, epoch } = RUN_ANNOTATION;
    const tag = `${annotations[key]}:${annotations[epoch]}`;
    const identity = { runId: run.runId, tag, command: annotations[command] as "migrate" | "status" };
    const whole = reportOf({ ...identity, database, ...report });
    const message = JSON.stringify(whole);
    // Told before it is done: from then on the operator may start the next.
    run.status = whole.outcome;
    const { exitCode } = whole;
    await tell({ terminated: { exitCode, reason: "Completed", message, startedAt: at(), finishedAt: at() } }, true);
    if (!sidecar) await end(run, exitCode === 0);
  }

  /** The Job's own last word. */
  async function end({ job: { metadata } }: Run, isDone: boolean): Promise<void> {
    const condition = (type: string) => ({ type, status: "True", reason: "Ended", lastTransitionTime: at() });
    const [first, last] = isDone ? ["SuccessCriteriaMet", "Complete"] : ["FailureTarget", "Failed"];
    await patch(pathOf(JOBS, metadata.namespace, metadata.name, "status"), {
      metadata: { uid: metadata.uid },
      status: {
        ...{
          startTime: metadata.creationTimestamp,
          ...(isDone ? { completionTime: at(), succeeded: 1 } : { failed: 1 }),
        },
        ...{ uncountedTerminatedPods: {}, conditions: [condition(first), condition(last)] },
      },
    });
  }

  async function collectPod(pod: Pod & Finalized): Promise<void> {
    const run = runOf(controllerOf(pod)?.uid);
    if (run !== undefined && !run.gone) await quietly(end(run, run.status === "SUCCESS"));
    if (run !== undefined) run.status ??= "KILLED";
    await free(PODS, pod);
  }

  async function collectJob(job: Job & Finalized): Promise<void> {
    const pods = await podsOf(job);
    for (const pod of pods) await free(PODS, pod);
    await Promise.all(pods.map(async (pod) => await remove(PODS, pod)));
    await free(JOBS, job);
  }

  /** Not those of a Job that was made under the same name since. */
  async function podsOf({ metadata: { namespace, name, uid } }: Job): Promise<(Pod & Finalized)[]> {
    const query = { labelSelector: `batch.kubernetes.io/job-name=${name}` };
    const { items } = await api.request<{ items: (Pod & Finalized)[] }>("GET", pathOf(PODS, namespace), { query });
    return items.filter((pod) => controllerOf(pod)?.uid === uid);
  }

  type Kind = typeof JOBS;
  const patch = async (path: string, body: object): Promise<void> =>
    void (await api.request("PATCH", path, { patch: "merge", body }));
  const free = async (kind: Kind, { metadata: { namespace, name, uid } }: KubernetesObject): Promise<void> =>
    await quietly(patch(pathOf(kind, namespace, name), { metadata: { uid, finalizers: null } }));
  const remove = async (kind: Kind, { metadata: { namespace, name, uid } }: KubernetesObject): Promise<void> => {
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    await quietly(api.request("DELETE", pathOf(kind, namespace, name), { body }));
  };

  await Promise.all([
    follow<Job & Finalized>(api, { path: pathOf(JOBS, null), query: OURS, signal }, ({ type, object }) => {
      if (type === "ADDED" && runOf(object.metadata.uid) === undefined) begin(object);
      if (type !== "DELETED" && object.metadata.deletionTimestamp !== undefined) void quietly(collectJob(object));
      if (type !== "DELETED") return;
      const run = runOf(object.metadata.uid);
      if (run !== undefined) run.gone = true;
      void quietly(collectJob(object));
    }),
    follow<Pod & Finalized>(api, { path: pathOf(PODS, null), query: OURS, signal }, ({ type, object }) => {
      if (type !== "DELETED" && object.metadata.deletionTimestamp !== undefined) void quietly(collectPod(object));
    }),
    follow<KubernetesObject>(api, { path: pathOf(MIGRATIONS, null), signal }, ({ type, object }) => {
      const jobs = runs.filter(({ owner, gone }) => type === "DELETED" && owner === object.metadata.uid && !gone);
      for (const { job } of jobs) void remove(JOBS, job);
    }),
  ]);
  return self;
}

/** What is gone meanwhile, or was changed by somebody else, needs nothing more. */
async function quietly(doing: Promise<unknown>): Promise<void> {
  try {
    await doing;
  } catch (error) {
    const known = ["NotFound", "Conflict", "AlreadyExists", "Unreachable", "Invalid", "Forbidden"];
    if (!known.some((reason) => isApiError(error, reason))) throw error;
  }
}

function podOf({ metadata }: Job, name: string) {
  const labels = { ...metadata.labels, "batch.kubernetes.io/job-name": metadata.name };
  const owner = { apiVersion: "batch/v1", kind: "Job", name: metadata.name, uid: metadata.uid, controller: true };
  const containers = [RUNNER_CONTAINER, "beside"].map((each) => ({ name: each, image: "i" }));
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: { name, namespace: metadata.namespace, labels, ownerReferences: [owner], finalizers: [TRACKED] },
    spec: { restartPolicy: "Never", containers },
  };
}
