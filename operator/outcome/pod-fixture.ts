import { COPY_CONTAINER, RUN_ANNOTATION, RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import type { ContainerState, Job, ObjectCondition, Pod } from "../kubernetes/objects.ts";

const META = { namespace: "shop", resourceVersion: "1", creationTimestamp: "2026-01-01T12:00:00Z" };

export const IMAGE = "ghcr.io/acme/web:1.4.2";
export const NOW = new Date("2026-01-01T12:01:00Z");

export const condition = (type: string, status: string, more: Partial<ObjectCondition> = {}): ObjectCondition => ({
  type,
  status,
  ...more,
});

/** A run's Job with these conditions. */
export const job = (
  conditions: ObjectCondition[] = [],
  { active, deleted }: { active?: number; deleted?: boolean } = {},
): Job => ({
  metadata: {
    ...META,
    name: "web-1",
    uid: "job",
    annotations: { [RUN_ANNOTATION.source]: IMAGE },
    ...(deleted === true ? { deletionTimestamp: "2026-01-01T12:00:30Z" } : {}),
  },
  status: { conditions, ...(active === undefined ? {} : { active }) },
});

type PodParts = Omit<NonNullable<Pod["status"]>, "containerStatuses" | "initContainerStatuses"> & {
  runner?: ContainerState;
  copy?: ContainerState;
  sidecar?: ContainerState;
  deletionTimestamp?: string;
};

/** A run's pod on `node-1` whose containers are in these states. */
export function pod({ runner, copy, sidecar, deletionTimestamp, ...status }: PodParts = {}): Pod {
  return {
    metadata: {
      ...META,
      name: "web-1-x7k2p",
      uid: "pod",
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
    spec: { nodeName: "node-1" },
    status: {
      phase: "Running",
      startTime: "2026-01-01T12:00:01Z",
      ...status,
      initContainerStatuses: copy === undefined ? [] : [{ name: COPY_CONTAINER, image: IMAGE, state: copy }],
      containerStatuses: [
        ...(sidecar === undefined ? [] : [{ name: "proxy", image: "proxy:1", state: sidecar }]),
        ...(runner === undefined ? [] : [{ name: RUNNER_CONTAINER, image: "lockkeeper:1", state: runner }]),
      ],
    },
  };
}

export const exited = (exitCode: number, more: Partial<NonNullable<ContainerState["terminated"]>> = {}) => ({
  terminated: {
    exitCode,
    reason: exitCode === 0 ? "Completed" : "Error",
    startedAt: "2026-01-01T12:00:05Z",
    finishedAt: "2026-01-01T12:00:10Z",
    ...more,
  },
});

export const waiting = (reason: string, message = ""): ContainerState => ({ waiting: { reason, message } });
export const RUNNING: ContainerState = { running: { startedAt: "2026-01-01T12:00:05Z" } };
