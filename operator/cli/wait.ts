/** Waits for what becomes of a resource, and tells what goes on meanwhile. */
import { formatDuration } from "../../contract/duration.ts";
import { EXIT } from "../../contract/exit-code.ts";
import type { ExitCode } from "../../contract/exit-code.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import { pathOf } from "../api/path.ts";
import { ApiError } from "../api/api.ts";
import type { Deployment } from "../kubernetes/objects.ts";
import type { Cluster } from "./cluster.ts";
import { CliFailure } from "./failure.ts";
import { failureText } from "./failure-text.ts";
import { follow } from "./follow.ts";
import type { Host } from "./host.ts";
import { printer } from "./printer.ts";
import { progressOf } from "./progress.ts";
import type { Progress } from "./progress.ts";
import { parsed } from "./resource.ts";
import type { Asked } from "./asked.ts";
import { verdict } from "./verdict.ts";
import type { Verdict } from "./verdict.ts";

const DEPLOYMENTS = { api: "/apis/apps/v1", plural: "deployments" };

/** A live operator looks within a second; so long nothing, and nobody seems to be there, ms. */
const NOBODY_MS = 10_000;

export type Waiting = {
  cluster: Cluster;
  /** As it was read last, or as it was answered to a write. */
  migration: DatabaseMigration;
  asked: Asked;
  /** 0: without limit. */
  timeoutMs: number;
  host: Host;
};

type End = { verdict: Extract<Verdict, { is: "done" | "failed" }>; migration: DatabaseMigration };

/** Resolves to the exit code that tells the outcome, when everything is printed. */
export async function waitFor(waiting: Waiting): Promise<ExitCode> {
  const { cluster, migration, timeoutMs, host } = waiting;
  const { name } = migration.metadata;
  const progress = progressOf(host);
  const late = new AbortController();
  const timer = timeoutMs === 0 ? undefined : setTimeout(() => late.abort(), Math.min(timeoutMs, 2 ** 31 - 1));
  const last = { message: "" };
  try {
    const end = await outcome(waiting, { progress, signal: AbortSignal.any([host.signal, late.signal]), last });
    progress.close();
    const print = printer(host);
    if (end.verdict.is === "done") {
      print.out(`databasemigration/${name}: ${end.verdict.message}`);
      return EXIT.done;
    }
    print.err(failureText(end.verdict, end.migration, cluster.namespace));
    return end.verdict.exitCode;
  } catch (error) {
    const stood = last.message === "" ? "" : `; last: ${last.message}`;
    if (host.signal.aborted)
      throw new CliFailure(EXIT.cancelled, `stopped${stood}`, "What runs in the cluster goes on.");
    if (!late.signal.aborted) throw error;
    throw new CliFailure(
      EXIT.cancelled,
      `databasemigration/${name} isn't there after ${formatDuration(timeoutMs)}${stood}`,
      "What runs in the cluster goes on: wait again, with a longer --timeout if it is only slow.",
    );
  } finally {
    clearTimeout(timer);
    progress.close();
  }
}

async function outcome(
  { cluster, migration: { metadata }, asked, host }: Waiting,
  { progress, signal, last }: { progress: Progress; signal: AbortSignal; last: { message: string } },
): Promise<End> {
  const { api, namespace } = cluster;
  const { name, uid } = metadata;
  const unsettled = Promise.withResolvers<End>();
  let doubt: NodeJS.Timeout | undefined;
  let nobody: NodeJS.Timeout | undefined;
  const say = (message: string): void => {
    last.message = message;
    progress.state(message);
  };
  const stop = (): void => {
    clearTimeout(doubt);
    clearTimeout(nobody);
    doubt = nobody = undefined;
  };
  signal.addEventListener("abort", () => unsettled.reject(signal.reason as Error), { once: true });
  const followed = follow<End>(
    {
      ...{ api, namespace, name, signal, now: host.now },
      onTrouble: (why) => progress.note(`the connection to the API server was lost (${why}); it is asked again`),
    },
    (raw) => {
      stop();
      if (raw === null || raw.metadata.uid !== uid) {
        throw new CliFailure(EXIT.cancelled, `databasemigration/${name} was deleted while it was waited for`);
      }
      const migration = parsed(raw);
      const now = verdict(migration, asked);
      if (now.is === "done") return { verdict: now, migration };
      say(now.is === "failed" ? `${now.reason}: ${now.message}` : now.message);
      if (now.is === "waiting" && now.unseen) nobody = setTimeout(() => progress.note(NOBODY), NOBODY_MS);
      if (now.is === "waiting") return null;
      if (now.settled) return { verdict: now, migration };
      doubt = setTimeout(() => unsettled.resolve({ verdict: now, migration }), NOBODY_MS);
      return null;
    },
  );
  try {
    return await Promise.race([followed, unsettled.promise]);
  } finally {
    stop();
    unsettled.promise.catch(() => {});
    followed.catch(() => {});
  }
}

const NOBODY =
  `nobody seems to work on it: no operator has looked for ${NOBODY_MS / 1_000} s. Is one there, and does it watch this namespace? ` +
  "kubectl get deployments --all-namespaces --selector app.kubernetes.io/name=lockkeeper";

/**
 * The Deployment's generation, that the operator has to have seen before its word counts: an image's change is none of the
 * resource's own. Null where the resource follows none, or it isn't there.
 */
export async function workloadAsked(
  migration: DatabaseMigration,
  { api, namespace }: Cluster,
  { host, progress }: { host: Host; progress: Pick<Progress, "note"> },
): Promise<Asked["workload"]> {
  const name = migration.spec.source.workload?.name;
  if (name === undefined) return null;
  try {
    const { signal } = host;
    const { metadata } = await api.request<Deployment>("GET", pathOf(DEPLOYMENTS, namespace, name), { signal });
    const generation = metadata.generation ?? 0;
    const seen = migration.status.source?.workloadGeneration ?? 0;
    // It was deleted and made again, if what was seen is ahead: its count has begun anew.
    return { name, generation, before: seen > generation ? seen : null };
  } catch (error) {
    if (!(error instanceof ApiError) || host.signal.aborted) throw error;
    if (error.status === 404) return null;
    const what = `the Deployment ${name} can't be read, so a change of it that the operator hasn't seen goes unnoticed`;
    progress.note(`${what}: ${error.said}`);
    return null;
  }
}
