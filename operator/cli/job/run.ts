/** Starts a Job, prints what its runner says, and takes it away, however that ends. */
import { EXIT } from "../../../contract/exit-code.ts";
import type { ExitCode } from "../../../contract/exit-code.ts";
import { RUNNER_CONTAINER } from "../../../contract/resource/names.ts";
import { ApiError } from "../../api/api.ts";
import { JOBS, PODS } from "../../api/kinds.ts";
import { pathOf } from "../../api/path.ts";
import { pause, systemClock } from "../../clock.ts";
import type { Job, Pod } from "../../kubernetes/objects.ts";
import { readOutcome } from "../../outcome/read-outcome.ts";
import { JOB_NAME } from "../../watch/caches.ts";
import { asked } from "../ask.ts";
import type { Cluster } from "../cluster.ts";
import { CliFailure } from "../failure.ts";
import type { Host } from "../host.ts";
import { list } from "../list.ts";
import { progressOf } from "../progress.ts";
import type { Progress } from "../progress.ts";

const LOOK_MS = 300;
const LONGEST_LINE = 1024 * 1024;
/** For the deletion after a Ctrl-C, ms. */
const LAST_MS = 10_000;

/** `body` as byHandJob made it; `say` prints a line of the runner's. Resolves to the runner's exit code. */
export async function runJob(
  body: object,
  { cluster, host, say }: { cluster: Cluster; host: Host; say: (line: string) => void },
): Promise<ExitCode> {
  const { api, namespace } = cluster;
  const { signal } = host;
  const ask = async () => await api.request<Job>("POST", pathOf(JOBS, namespace), { body, signal });
  const job = await asked(ask, { verbs: "create", resource: "jobs.batch", namespace }, { signal });
  const progress = progressOf(host);
  try {
    const pod = await started(job, { cluster, signal, progress });
    progress.close();
    const watching = { cluster, signal, progress, say };
    return await toItsEnd(job, pod, watching);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CliFailure(EXIT.cancelled, `stopped; the Job ${job.metadata.name} is deleted`, "", error);
  } finally {
    progress.close();
    await remove(job, cluster).catch((error: unknown) => {
      progress.note(`the Job ${job.metadata.name} couldn't be deleted: ${(error as Error).message}`);
    });
  }
}

type Watching = { cluster: Cluster; signal: AbortSignal; progress: Progress };

const endOf = (pod: Pod) =>
  pod.status?.containerStatuses?.find(({ name }) => name === RUNNER_CONTAINER)?.state?.terminated;

/** The pod, once its runner runs or has ended. Throws what keeps it from that for good. */
async function started(job: Job, { cluster, signal, progress }: Watching): Promise<Pod> {
  const identity = { runId: "", tag: "", command: "status" } as const;
  for (;;) {
    const [now, pod] = await look(job, cluster, signal);
    if (pod !== null && endOf(pod) !== undefined) return pod;
    const outcome = readOutcome(now, pod, identity, new Date());
    if (outcome.is === "running" && pod !== null) return pod;
    if (outcome.is === "lost") throw new CliFailure(EXIT.cancelled, `${outcome.reason}: ${outcome.message}`);
    const reason = outcome.is === "starting" && outcome.reason !== null ? `${outcome.reason}: ${outcome.message}` : "";
    progress.state(reason || `the Job ${job.metadata.name} is starting`);
    await rest(signal);
  }
}

/** Prints the log until the runner has ended, and gives its exit code. */
async function toItsEnd(job: Job, pod: Pod, watching: Watching & { say: (line: string) => void }): Promise<ExitCode> {
  const { cluster, signal, say } = watching;
  let printed = 0;
  for (;;) {
    printed = await logFrom(pod, printed, { cluster, signal, say });
    const [, now] = await look(job, cluster, signal);
    if (now === null) throw new CliFailure(EXIT.cancelled, `the pod ${pod.metadata.name} was deleted`);
    const end = endOf(now);
    if (end !== undefined) {
      // What it said last may have come after the stream's end.
      await logFrom(pod, printed, { cluster, signal, say });
      return codeOf(end.exitCode);
    }
    if (now.status?.phase === "Failed")
      throw new CliFailure(EXIT.cancelled, `the pod ${pod.metadata.name} was stopped`);
    await rest(signal);
  }
}

/** A container that was killed has no code of the runner's. */
const codeOf = (code: number): ExitCode => Object.values(EXIT).find((known) => known === code) ?? EXIT.cancelled;

/** Prints the log's lines from that number on, as far as the stream goes. Gives how many are printed then. */
async function logFrom(
  pod: Pod,
  from: number,
  { cluster, signal, say }: { cluster: Cluster; signal: AbortSignal; say: (line: string) => void },
): Promise<number> {
  const path = pathOf(PODS, cluster.namespace, pod.metadata.name, "log");
  const query = { container: RUNNER_CONTAINER, follow: true };
  let count = 0;
  try {
    for await (const line of cluster.api.lines(path, { query, signal, longestLine: LONGEST_LINE })) {
      if (++count > from) say(line);
    }
  } catch (error) {
    if (!(error instanceof ApiError) || signal.aborted) throw error;
    if (error.status === 403)
      throw new CliFailure(
        EXIT.invalidInput,
        `not allowed: ${error.said}`,
        "This needs the right to get pods/log.",
        error,
      );
  }
  return Math.max(count, from);
}

async function look(job: Job, cluster: Cluster, signal: AbortSignal): Promise<[Job, Pod | null]> {
  const { api, namespace } = cluster;
  const query = { labelSelector: `${JOB_NAME}=${job.metadata.name}` };
  const ask = async () => await api.request<Job>("GET", pathOf(JOBS, namespace, job.metadata.name), { signal });
  const [now, pods] = await Promise.all([
    asked(ask, { verbs: "get", resource: "jobs.batch", namespace }, { signal }),
    list<Pod>(cluster, { kind: PODS, name: "pods", namespace, query }, signal),
  ]);
  return [now, pods[0] ?? null];
}

async function rest(signal: AbortSignal): Promise<void> {
  await pause(systemClock, LOOK_MS, signal);
  signal.throwIfAborted();
}

/** With its pod: a runner that is at work rolls back. */
async function remove({ metadata }: Job, { api, namespace }: Cluster): Promise<void> {
  const body = { propagationPolicy: "Background", preconditions: { uid: metadata.uid } };
  const signal = AbortSignal.timeout(LAST_MS);
  await api.request("DELETE", pathOf(JOBS, namespace, metadata.name), { body, signal }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 409)) throw error;
  });
}
