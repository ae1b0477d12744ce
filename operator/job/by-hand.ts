/**
 * The Job of a command that somebody runs by hand: the runner once, with the resource's own settings. Nothing of it is
 * marked as a run of the operator's, which watches by the label `managed-by` and deletes the runs that it doesn't know.
 */
import { parseDuration } from "../../contract/duration.ts";
import { API_VERSION, KIND, LABEL } from "../../contract/resource/names.ts";
import { literal } from "./literal.ts";
import { marksOf, sourceName } from "./marks.ts";
import type { RunOrder } from "./order.ts";
import { podSpec } from "./pod-spec.ts";
import { argument } from "./runner-arguments.ts";
import type { Flag, Paths } from "./runner-arguments.ts";
import type { RunnerSettings } from "./runner-settings.ts";

export const BY_HAND = ["plan", "status", "down", "unlock", "baseline"] as const;
export type ByHandCommand = (typeof BY_HAND)[number];

/** What is run, and what was said besides: whole arguments like `--to=0007_add_sets`. */
export type ByHand = { command: ByHandCommand; operand: string | null; given: readonly string[] };

/** By these labels such a Job is known. */
export const BY_HAND_MANAGED_BY = "kubectl-lockkeeper";
const NAME = "lockkeeper-by-hand";

/** A pod that waits for a node or its images has this long, and a command that takes no lock; seconds. */
const START_SECONDS = 3_600;
const LOOK_SECONDS = 600;
/** Who runs it takes it away at its end. If he can't any more, it goes by itself, seconds. */
const TTL_SECONDS = 600;

/** Pure. The order's key, epoch and attempt don't matter: it proves nothing. */
export function byHandJob(order: RunOrder, byHand: ByHand, runner: RunnerSettings) {
  const { migration, job } = order;
  const { name, namespace, uid } = migration.metadata;
  const { labels, annotations } = marksOf(migration);
  const marks = {
    labels: { ...labels, [LABEL.name]: NAME, [LABEL.component]: byHand.command, [LABEL.managedBy]: BY_HAND_MANAGED_BY },
    annotations,
  };
  const run = Math.ceil((parseDuration(migration.spec.timeouts.run) ?? 0) / 1_000);
  const deadline = START_SECONDS + (changes(byHand) ? run : LOOK_SECONDS);
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      ...{ name: job, namespace, ...marks },
      // Not as its controller: it goes with the resource, and is no run of its.
      ownerReferences: [{ apiVersion: API_VERSION, kind: KIND, name, uid }],
    },
    spec: {
      ...{ completions: 1, parallelism: 1, backoffLimit: 0, podReplacementPolicy: "Failed" },
      ...(changes(byHand) && run === 0 ? {} : { activeDeadlineSeconds: deadline }),
      ttlSecondsAfterFinished: TTL_SECONDS,
      template: {
        metadata: marks,
        spec: podSpec(order, runner, (of, paths) => byHandArguments(of, byHand, paths)),
      },
    },
  };
}

const changes = ({ command }: ByHand): boolean => command === "down" || command === "baseline";

/** The runner's command line (docs/cli.md). */
function byHandArguments(order: RunOrder, { command, operand, given }: ByHand, paths: Paths): string[] {
  const flags = flagsOf(order, paths)[command];
  return [command, ...(operand === null ? [] : [literal(operand)]), ...flags.flatMap(argument), ...given.map(literal)];
}

/** What of the resource's settings each command takes. */
function flagsOf({ migration, source, runId }: RunOrder, { dir, caFile }: Paths): Record<ByHandCommand, Flag[]> {
  const { source: from, history, runLog, lock, timeouts, apply } = migration.spec;
  const reaches: Flag[] = [["ca-file", caFile]];
  const reads: Flag[] = [
    ...reaches,
    ["dir", dir],
    ["format", from.format.toLowerCase()],
    ["history-format", history.format.toLowerCase()],
    ["history-table", history.table],
  ];
  const logged: Flag[] = [
    ["run-log-table", runLog.table],
    ["runner", BY_HAND_MANAGED_BY],
    ["source", sourceName(source)],
    ["run-id", runId],
  ];
  const limited: Flag[] = [
    ["lock-timeout", lock.timeout],
    ["statement-timeout", timeouts.statement],
  ];
  const runs: Flag[] = [
    ...[...reads, ...logged, ...limited],
    ["lock-wait", lock.wait],
    ["run-timeout", timeouts.run],
    ["run-log-retention", runLog.retention],
  ];
  return {
    unlock: reaches,
    status: [...reads, ...logged],
    plan: [...reads, ...limited, ["allow-drift", apply.allowDrift], ["allow-out-of-order", apply.allowOutOfOrder]],
    down: [...runs, ["lock-retries", lock.retries], ["allow-drift", apply.allowDrift]],
    baseline: runs,
  };
}
