import { EXIT } from "../../contract/exit-code.ts";
import type { ExitCode } from "../../contract/exit-code.ts";
import type { Reason } from "../../contract/resource/reason.ts";

/** What a resource that is stalled for that reason makes a command end with: the runner's own code for it. */
const BY_REASON: Partial<Record<Reason, ExitCode>> = {
  LockTimeout: EXIT.lockTimeout,
  MigrationFailed: EXIT.failedMigration,
  Drift: EXIT.drift,
  Unreachable: EXIT.unreachable,
  ConnectionRefused: EXIT.unreachable,
  DatabaseChanged: EXIT.unreachable,
  InvalidSource: EXIT.invalidInput,
  InvalidInput: EXIT.invalidInput,
  PermissionDenied: EXIT.invalidInput,
  Disabled: EXIT.invalidInput,
  Suspended: EXIT.invalidInput,
  InvalidSpec: EXIT.invalidInput,
  ContainerNotFound: EXIT.invalidInput,
  JobConflict: EXIT.invalidInput,
  CopyUnsupported: EXIT.invalidInput,
  ImageVolumeUnsupported: EXIT.invalidInput,
  ImagePullFailed: EXIT.invalidInput,
  PodNotStarted: EXIT.invalidInput,
  PodNotScheduled: EXIT.invalidInput,
  JobPodNotCreated: EXIT.invalidInput,
  JobNotCreated: EXIT.invalidInput,
  RunTimeout: EXIT.cancelled,
  Cancelled: EXIT.cancelled,
  OutOfMemory: EXIT.cancelled,
  Evicted: EXIT.cancelled,
  Killed: EXIT.cancelled,
  PodDeleted: EXIT.cancelled,
  NodeLost: EXIT.cancelled,
  NoReport: EXIT.bug,
  RunnerFailed: EXIT.bug,
};

/** A reason that a newer operator has is told as a failed migration: not to be repeated without a look. */
export const exitCodeOf = (reason: string): ExitCode =>
  Object.hasOwn(BY_REASON, reason) ? (BY_REASON[reason as Reason] ?? EXIT.failedMigration) : EXIT.failedMigration;
