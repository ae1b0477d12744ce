import { DatabaseMigration } from "../../contract/resource/resource.ts";
import { ApiError } from "../api/api.ts";
import type { Api } from "../api/api.ts";
import { JOBS } from "../api/kinds.ts";
import { pathOf } from "../api/path.ts";
import { jobSpec } from "./job-spec.ts";
import type { RunOrder } from "./order.ts";
import type { RunnerSettings } from "./runner-settings.ts";

type Answer = { spec?: { template?: { spec?: { volumes?: { image?: unknown }[] } } } };

/**
 * Whether the API server keeps image volumes. Where their feature gate is off it drops them without a word, and a run would
 * find an empty folder: so it is asked by a dry run of a Job as we make them, in a namespace in which Jobs may be made.
 * Null where it refuses to answer: a quota, or a webhook that knows no dry runs. Whether a node can mount one is another
 * question. Rejects only for a server that can't be reached.
 */
export async function serverSupportsImageVolumes(
  api: Api,
  { namespace, runner, signal }: { namespace: string; runner: RunnerSettings; signal?: AbortSignal },
): Promise<boolean | null> {
  const body = jobSpec(probe(namespace, runner.runnerImage), runner);
  const query = { dryRun: "All" };
  try {
    const job = await api.request<Answer>("POST", pathOf(JOBS, namespace), {
      body,
      query,
      ...(signal === undefined ? {} : { signal }),
    });
    return job.spec?.template?.spec?.volumes?.some(({ image }) => image !== undefined) ?? false;
  } catch (error) {
    if (error instanceof ApiError && error.status !== 0) return null;
    throw error;
  }
}

/** Like any other run's, so that whoever admits those admits it; nothing is started for it. */
function probe(namespace: string, image: string): RunOrder {
  const name = "lockkeeper-probe";
  const migration = DatabaseMigration.parse({
    metadata: { name, namespace, uid: name, resourceVersion: "0", generation: 1, creationTimestamp: "" },
    spec: {
      database: { urlFrom: { secretKeyRef: { name, key: "url" } } },
      source: { image: { ref: image }, path: "/" },
    },
  });
  return {
    ...{ migration, command: "status", job: name, runId: "", key: "", epoch: 0, attempt: 0, template: null },
    source: { from: "image", image, pullPolicy: "IfNotPresent", copy: "ImageVolume" },
  };
}
