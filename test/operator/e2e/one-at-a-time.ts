/** Never two Jobs of one resource at once, judged from all that was seen of its Jobs and pods. */
import { COPY_CONTAINER, RUNNER_CONTAINER } from "../../../contract/resource/names.ts";
import { controllerOf } from "../../../operator/kubernetes/objects.ts";
import type { Job, Pod } from "../../../operator/kubernetes/objects.ts";
import type { Seen } from "./recorder.ts";

type Span = { job: string; from: number; to: number };

/** Pairs of Jobs of one owner that were on at the same time, as `A and B`. Kubernetes tells times in whole seconds. */
export function overlaps(jobs: Seen<Job>[], pods: Seen<Pod>[]): string[] {
  const owners = Map.groupBy(jobs, ({ object }) => controllerOf(object)?.uid ?? "");
  return [...owners.values()].flatMap((own) => {
    const jobsOfOwner = Map.groupBy(own, ({ object }) => object.metadata.uid).values();
    const spans = [...jobsOfOwner].flatMap((seen) => seen.slice(0, 1).map(({ object }) => spanOf(object, seen, pods)));
    return spans
      .toSorted((a, b) => a.from - b.from)
      .flatMap((span, index, all) =>
        all.slice(index + 1).flatMap((later) => (later.from < span.to ? [`${span.job} and ${later.job}`] : [])),
      );
  });
}

/** From its creation to the earliest moment from which nothing of it can have run any more. */
function spanOf({ metadata }: Job, seen: Seen<Job>[], pods: Seen<Pod>[]): Span {
  const ends = seen.flatMap(({ at, type, object }) => [
    ...(type === "DELETED" ? [second(at.toISOString())] : []),
    ...(object.status?.conditions ?? [])
      .filter((one) => (one.type === "Complete" || one.type === "Failed") && one.status === "True")
      .map(({ lastTransitionTime }) => second(lastTransitionTime)),
  ]);
  const own = pods.filter(({ object }) => controllerOf(object)?.uid === metadata.uid);
  const byPod = [...Map.groupBy(own, ({ object }) => object.metadata.uid).values()].map(endOfPod);
  // A Job may replace a pod: its end is that of the last one.
  const end = Math.min(...ends, byPod.length === 0 ? Infinity : Math.max(...byPod));
  return { job: metadata.name, from: second(metadata.creationTimestamp), to: end };
}

function endOfPod(seen: Seen<Pod>[]): number {
  const ends = seen.flatMap(({ at, type, object: { status } }) => [
    ...(type === "DELETED" ? [second(at.toISOString())] : []),
    ...(status?.containerStatuses ?? [])
      .filter(({ name }) => name === RUNNER_CONTAINER)
      .map(({ state }) => state?.terminated?.finishedAt)
      .filter((time) => time !== undefined)
      .map(second),
    ...(status?.initContainerStatuses ?? [])
      .filter(({ name, state }) => name === COPY_CONTAINER && (state?.terminated?.exitCode ?? 0) !== 0)
      .map(({ state }) => second(state?.terminated?.finishedAt)),
    ...(status?.phase === "Failed" || status?.phase === "Succeeded" ? [second(at.toISOString())] : []),
  ]);
  return Math.min(...ends);
}

const second = (time: string | undefined): number =>
  time === undefined ? Infinity : Math.floor(Date.parse(time) / 1_000);
