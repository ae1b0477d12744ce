/**
 * What a resource, as it is now, says to somebody who waits: an ordered list of rules, of which the first that has something to
 * say counts. Pure.
 */
import { EXIT } from "../../contract/exit-code.ts";
import type { ExitCode } from "../../contract/exit-code.ts";
import { RECHECK_ANNOTATION, RETRY_ANNOTATION } from "../../contract/resource/names.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Condition, Release } from "../../contract/resource/status.ts";
import { cut } from "../reconcile/cut.ts";
import {
  appliedText,
  exactRelease,
  fixedKey,
  isApplied,
  isPinnedProof,
  isTarget,
  newestRelease,
  targetImage,
} from "./asked.ts";
import type { Asked } from "./asked.ts";
import { exitCodeOf } from "./exit-code.ts";

export type Verdict =
  | { is: "done"; message: string }
  /** `unseen`: nobody has looked at it yet. */
  | { is: "waiting"; unseen: boolean; message: string }
  /** `settled`: false where it may be of a Deployment that was corrected a moment ago. */
  | { is: "failed"; exitCode: ExitCode; reason: string; message: string; release: Release | null; settled: boolean };

type Rule = (migration: DatabaseMigration, asked: Asked) => Verdict | null;

const RULES: Rule[] = [
  deleted,
  specUnseen,
  requestUnseen,
  workloadUnseen,
  proved,
  superseded,
  anotherImage,
  stalled,
  ready,
  suspended,
];

/** `migration` is what the API server has; `asked` doesn't change while somebody waits. */
export function verdict(migration: DatabaseMigration, asked: Asked): Verdict {
  for (const rule of RULES) {
    const said = rule(migration, asked);
    if (said !== null) return said;
  }
  const known = conditionOf(migration, "Ready");
  if (known === undefined) return waiting("nothing is known yet", true);
  return waiting(`${known.reason}: ${known.message}`);
}

function deleted({ metadata }: DatabaseMigration): Verdict | null {
  if (metadata.deletionTimestamp === undefined) return null;
  return failed(EXIT.cancelled, "Deleted", "the resource is being deleted");
}

function specUnseen({ metadata, status }: DatabaseMigration, { generation }: Asked): Verdict | null {
  const seen = status.observedGeneration ?? 0;
  if (seen >= Math.max(generation, metadata.generation)) return null;
  return waiting(`the operator hasn't looked at generation ${metadata.generation} of the resource yet`, true);
}

/** What stands there is about to change: a retry, or all proof anew. A retry that came while a run is on waits for its end. */
function requestUnseen(migration: DatabaseMigration): Verdict | null {
  const { metadata, status } = migration;
  const isNew = (annotation: string, handled: string | undefined): boolean => {
    const value = cut(metadata.annotations[annotation] ?? "", 253);
    return value !== "" && value !== (handled ?? "");
  };
  if (isNew(RECHECK_ANNOTATION, status.lastHandledRecheck)) {
    return waiting("the operator hasn't looked at the recheck that was asked for yet", true);
  }
  if (!isNew(RETRY_ANNOTATION, status.lastHandledRetry)) return null;
  const known = conditionOf(migration, "Ready");
  const isOn = conditionOf(migration, "Reconciling") !== undefined && known !== undefined;
  return isOn
    ? waiting(`${known.reason}: ${known.message}`)
    : waiting("the operator hasn't looked at the retry that was asked for yet", true);
}

/** `Ready` may speak of the Deployment as it was: its own generation says which one was seen. */
function workloadUnseen(migration: DatabaseMigration, asked: Asked): Verdict | null {
  const { workload } = asked;
  const { source } = migration.status;
  // Without a source there was no release yet whose proof could be taken for the asked one's.
  if (workload === null || migration.spec.source.workload === undefined || source === undefined) return null;
  const { generation, before, name } = workload;
  if (before === null ? source.workloadGeneration >= generation : source.workloadGeneration !== before) return null;
  if (isPinnedProof(migration, asked)) return null;
  const known = conditionOf(migration, "Ready");
  if (known?.reason === "ContainerNotFound") return null;
  if (known !== undefined && LOOKS.has(known.reason)) return waiting(`${known.reason}: ${known.message}`);
  return waiting(`the operator hasn't looked at generation ${generation} of the Deployment ${name} yet`, true);
}

/** The operator has looked, and the Deployment itself isn't far enough. */
const LOOKS = new Set(["WorkloadNotFound", "WorkloadNotObserved"]);

function proved(migration: DatabaseMigration, asked: Asked): Verdict | null {
  const release = exactRelease(migration, asked);
  if (release === null || !isApplied(release, migration)) return null;
  return { is: "done", message: appliedText(release) };
}

/** Somebody has applied another spec since: what this one came to is no longer told. */
function superseded(migration: DatabaseMigration, { key, generation }: Asked): Verdict | null {
  if (key === null || fixedKey(migration) === key) return null;
  const now = migration.metadata.generation;
  const message = `the spec was changed by somebody else (generation ${now}, this was ${generation}), and wants another release now`;
  return failed(EXIT.cancelled, "Superseded", message);
}

/** Nothing that another image would cure. */
const WHATEVER_IMAGE = new Set(["ContainerNotFound", "InvalidSpec", "CopyUnsupported"]);

/** The resource wants another image than the one that is asked for: what its conditions say isn't about that one. */
function anotherImage(migration: DatabaseMigration, asked: Asked): Verdict | null {
  const { image } = asked;
  if (image === null || isTarget(migration, image)) return null;
  const known = newestRelease(migration, image);
  const wants = targetImage(migration);
  if (known !== null && isApplied(known, migration)) {
    return { is: "done", message: `${image}: ${appliedText(known)}` };
  }
  if (known?.state === "Failed") {
    return failed(
      exitCodeOf(known.reason ?? ""),
      known.reason ?? "RunnerFailed",
      known.message ?? "the run failed",
      known,
    );
  }
  const stall = conditionOf(migration, "Stalled");
  if (stall !== undefined && WHATEVER_IMAGE.has(stall.reason)) {
    return failed(exitCodeOf(stall.reason), stall.reason, stall.message);
  }
  const now = wants === null ? "no image is known yet" : `the image is ${wants}`;
  if (known === null) return waiting(`${image} isn't wanted yet: ${now}`);
  return waiting(`${image} is ${known.state === "Running" ? "being migrated" : "waiting"}; ${now}`);
}

function stalled(migration: DatabaseMigration, asked: Asked): Verdict | null {
  const stall = conditionOf(migration, "Stalled");
  if (stall === undefined) return null;
  const release = exactRelease(migration, asked) ?? newestRelease(migration, targetImage(migration));
  return failed(exitCodeOf(stall.reason), stall.reason, stall.message, release?.state === "Failed" ? release : null);
}

function ready(migration: DatabaseMigration): Verdict | null {
  const known = conditionOf(migration, "Ready");
  if (known?.status !== "True") return null;
  return { is: "done", message: `${known.reason}: ${known.message}` };
}

function suspended(migration: DatabaseMigration, { suspendedFails }: Asked): Verdict | null {
  const known = conditionOf(migration, "Ready");
  if (known?.reason !== "Suspended") return null;
  if (suspendedFails && migration.spec.suspend) return failed(exitCodeOf("Suspended"), "Suspended", known.message);
  return waiting(`Suspended: ${known.message}`);
}

/** A condition that speaks of an older spec isn't here: specUnseen came first. */
const conditionOf = ({ status }: DatabaseMigration, type: string): Condition | undefined =>
  status.conditions?.find((one) => one.type === type && (type === "Ready" || one.status === "True"));

const waiting = (message: string, unseen = false): Verdict => ({ is: "waiting", unseen, message });

const failed = (exitCode: ExitCode, reason: string, message: string, release: Release | null = null): Verdict => ({
  ...{ is: "failed", exitCode, reason, message, release },
  settled: reason !== "ContainerNotFound",
});
