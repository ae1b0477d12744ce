/** The names that people, charts and other programs meet. They don't change within a version of the resource. */

export const GROUP = "lockkeeper.dev";
export const VERSION = "v1alpha1";
export const KIND = "DatabaseMigration";
export const PLURAL = "databasemigrations";
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Annotations of a DatabaseMigration: any value that wasn't there before is a request. */
export const RETRY_ANNOTATION = `${GROUP}/retry`;
export const RECHECK_ANNOTATION = `${GROUP}/recheck`;

/**
 * The gate of a pod that waits for its release's migrations, and the annotation that names the resources, divided by commas.
 * The other annotation names the container whose image counts, in a Deployment that isn't the followed one.
 */
export const GATE = `${GROUP}/migration`;
export const GATE_CONTAINER_ANNOTATION = `${GROUP}/container`;

/** Labels of a run's Job and pod. By MANAGED_BY the operator's watches select, so it is set on nothing else. */
export const LABEL = {
  name: "app.kubernetes.io/name",
  instance: "app.kubernetes.io/instance",
  component: "app.kubernetes.io/component",
  managedBy: "app.kubernetes.io/managed-by",
} as const;
export const MANAGED_BY = "lockkeeper-operator";

/** Annotations of a run's Job: what it was started for. A Job is adopted only if they and its owner fit. */
export const RUN_ANNOTATION = {
  key: `${GROUP}/key`,
  epoch: `${GROUP}/epoch`,
  attempt: `${GROUP}/attempt`,
  runId: `${GROUP}/run-id`,
  /** Of the spec that it was made from. */
  generation: `${GROUP}/generation`,
  /** `migrate` or `status`. */
  command: `${GROUP}/command`,
  /** What is migrated: an image's reference or a ConfigMap's name. */
  source: `${GROUP}/source`,
} as const;

/** The container whose end is the run's end, whatever a sidecar does. */
export const RUNNER_CONTAINER = "lockkeeper";
/** The init container that copies the migrations out of an image. */
export const COPY_CONTAINER = "copy-migrations";

/** The run's `runner` in run log and status. */
export const KUBERNETES_JOB = "kubernetes-job";
