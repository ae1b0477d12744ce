import { GROUP, LABEL, MANAGED_BY, RUN_ANNOTATION } from "../../contract/resource/names.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { RunOrder } from "./order.ts";

export type Marks = { labels: Record<string, string>; annotations: Record<string, string> };

/** Not `lockkeeper`: a Service that selects the operator's pods by name must not find a run's. */
const RUN_NAME = "lockkeeper-run";

/** By these the watches select, the Job controller counts, and a run is known: nobody else says them. */
const OURS = new Set<string>([...Object.values(LABEL), "job-name", "controller-uid"]);
const OUR_PREFIXES = [`${GROUP}/`, "batch.kubernetes.io/"];

/**
 * Said unless the resource says otherwise. A sidecar goes on after the runner's end and may hold up its connection; and a
 * migration isn't moved to another node to save one.
 */
const BY_DEFAULT = {
  "sidecar.istio.io/inject": "false",
  "linkerd.io/inject": "disabled",
  "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
  "karpenter.sh/do-not-disrupt": "true",
};

/** Labels and annotations of Job and pod: what the resource asks for, and ours, which always win. */
export function marksOf({ metadata, spec }: DatabaseMigration): Marks {
  const { labels = {}, annotations = {} } = spec.job;
  return {
    labels: {
      ...withoutOurs(labels),
      [LABEL.name]: RUN_NAME,
      [LABEL.instance]: metadata.name,
      [LABEL.component]: "migration",
      [LABEL.managedBy]: MANAGED_BY,
    },
    annotations: { ...BY_DEFAULT, ...withoutOurs(annotations) },
  };
}

const withoutOurs = (given: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(given).filter(([key]) => !OURS.has(key) && !OUR_PREFIXES.some((prefix) => key.startsWith(prefix))),
  );

/** What the Job was started for: it is adopted only if all of it fits. */
export const runAnnotations = ({
  migration,
  key,
  epoch,
  attempt,
  runId,
  command,
  source,
}: RunOrder): Record<string, string> => ({
  [RUN_ANNOTATION.key]: key,
  [RUN_ANNOTATION.epoch]: String(epoch),
  [RUN_ANNOTATION.attempt]: String(attempt),
  [RUN_ANNOTATION.runId]: runId,
  [RUN_ANNOTATION.generation]: String(migration.metadata.generation),
  [RUN_ANNOTATION.command]: command,
  [RUN_ANNOTATION.source]: sourceName(source),
});

/** The image's reference, or the ConfigMap's name. */
export const sourceName = (source: RunOrder["source"]): string =>
  source.from === "image" ? source.image : source.name;
