/**
 * Why a condition is as it is, in one word. They are told in conditions, events, metrics and alerts, so they don't change.
 * The text of each is for the reference in the docs.
 */
export const REASONS = {
  // Ready=True
  Applied: "Every migration of the newest release is applied.",
  DatabaseAhead: "The same, and the database has migrations of a newer release: a rollback.",

  // Reconciling: it goes on by itself
  Pending: "A run is about to start.",
  Running: "A run is on; the message says which migration of how many.",
  WaitingForLock: "A run is on and waits for a lock; the message says who holds it.",
  WorkloadNotFound: "The Deployment that the source follows isn't there.",
  WorkloadNotObserved: "The Deployment's controller hasn't made the ReplicaSet of the newest template yet.",
  JobNotCreated: "The API server refused the run's Job: the message says why.",
  JobPodNotCreated: "The run's Job has no pod after 30 s: a quota or an admission webhook.",
  PodNotScheduled: "No node takes the run's pod.",
  PodNotStarted: "The run's pod can't start: a Secret or ConfigMap that isn't there, a volume that can't be mounted.",
  ImagePullFailed: "An image of the run's pod can't be pulled.",
  NodeLost: "The run's node doesn't answer: whether the run has ended can't be told.",

  // What a run came to. Reconciling while it is tried again, Stalled when it isn't.
  LockTimeout: "A lock couldn't be had in time, after all tries.",
  Unreachable: "No server answered, or the connection was lost.",
  ConnectionRefused: "The server answered and refused the connection.",
  MigrationFailed: "A migration failed with an error that repeating doesn't cure.",
  Drift: "History and source disagree: a changed file, a hole, one out of order.",
  InvalidSource: "The folder of migrations or a file in it can't be used.",
  InvalidInput: "The runner can't use its settings.",
  PermissionDenied: "The database's role lacks a right.",
  RunTimeout: "The run took longer than timeouts.run.",
  Cancelled: "The run was stopped from outside: its pod was deleted or evicted, or its node drained.",
  OutOfMemory: "The run's container was killed for its memory.",
  Evicted: "The run's pod was evicted.",
  DatabaseChanged: "Another database answered than to the run before, and before that yet another.",
  Killed: "The run's container was killed and left no report.",
  PodDeleted: "The run's pod was deleted before its end was seen.",
  NoReport: "The run left no report that can be read: unknown, so it is repeated.",
  CopyUnsupported: "The image has no cp, and the cluster can't mount images as volumes.",
  ImageVolumeUnsupported: "The node can't mount an image as a volume.",
  RunnerFailed: "The runner has a bug.",
  Disabled: "Migrating is switched off in the run's environment.",

  // Stalled: somebody has to change something
  InvalidSpec: "The spec can't be used.",
  ContainerNotFound: "The Deployment has no such container.",
  JobConflict: "A Job of the run's name exists and isn't this resource's.",

  // Ready=False without being Stalled or Reconciling
  Suspended: "spec.suspend holds the next run back.",

  // Drifted
  InSync: "The database is as the source says.",

  // SharedDatabase
  SameDatabase: "Another DatabaseMigration works on the same database.",
} as const satisfies Record<string, string>;

export type Reason = keyof typeof REASONS;
