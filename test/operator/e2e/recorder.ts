/** Everything that happens to the operator's objects, in every namespace, from the first moment on. */
import { setTimeout as sleep } from "node:timers/promises";
import { GROUP, LABEL, MANAGED_BY, PLURAL, VERSION } from "../../../contract/resource/names.ts";
import type { Status } from "../../../contract/resource/status.ts";
import type { Api } from "../../../operator/api/api.ts";
import type { KubernetesObject, Job, Pod } from "../../../operator/kubernetes/objects.ts";

export type Migration = KubernetesObject & { spec: Record<string, unknown>; status?: Status };

/** One state of an object as the watch told it, and when. */
export type Seen<T> = { at: Date; type: "ADDED" | "MODIFIED" | "DELETED"; object: T };

export type Recorder = Disposable & {
  migrations: Seen<Migration>[];
  jobs: Seen<Job>[];
  pods: Seen<Pod>[];
};

const LONGEST_LINE = 4 * 1_024 * 1_024;

/** Returns once it watches: nothing that is made afterwards is missed. */
export async function record(api: Api): Promise<Recorder> {
  const stop = new AbortController();
  const own = `${LABEL.managedBy}=${MANAGED_BY}`;
  const [migrations, jobs, pods] = await Promise.all([
    watch<Migration>(api, `/apis/${GROUP}/${VERSION}/${PLURAL}`, "", stop.signal),
    watch<Job>(api, "/apis/batch/v1/jobs", own, stop.signal),
    watch<Pod>(api, "/api/v1/pods", own, stop.signal),
  ]);
  return { migrations, jobs, pods, [Symbol.dispose]: () => stop.abort() };
}

/** What is seen of these objects from now on, as it comes. */
export async function watch<T>(api: Api, path: string, labelSelector: string, signal: AbortSignal): Promise<Seen<T>[]> {
  const seen: Seen<T>[] = [];
  const { metadata } = await api.request<{ metadata: { resourceVersion: string } }>("GET", path, {
    query: { labelSelector, limit: 1 },
  });
  const query = { watch: true, labelSelector, resourceVersion: metadata.resourceVersion };
  const follow = async (): Promise<void> => {
    for await (const line of api.lines(path, { query, signal, longestLine: LONGEST_LINE })) {
      seen.push({ at: new Date(), ...(JSON.parse(line) as Omit<Seen<T>, "at">) });
    }
  };
  follow().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return seen;
}

/** What `look` gives as soon as it gives something. Throws what `describe` says when it takes longer than `ms`. */
export async function until<T>(
  look: () => T | null | undefined | false | Promise<T | null | undefined | false>,
  describe: () => string,
  ms = 60_000,
): Promise<T> {
  for (const end = performance.now() + ms; ; await sleep(20)) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`It didn't happen in ${ms / 1_000} s: ${describe()}`);
  }
}
