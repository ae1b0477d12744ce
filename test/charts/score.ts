import { join } from "node:path";
import { programs } from "../cluster/local/binaries.ts";
import type { Manifest } from "../operator/helm.ts";
import { documents, told } from "./told.ts";

const everywhere = {
  "container-image-pull-policy":
    "images are named by digest or by tags that don't change; each pull is a pod that starts later",
  "container-ephemeral-storage-request-and-limit":
    "the root is read-only and an emptyDir has its own limit; past this one a pod is evicted in the middle of its work",
} as const;
const runs = {
  ...everywhere,
  "container-resources":
    "a throttled run holds its locks longer, and everybody queues behind them: no limit of the CPU",
  "pod-networkpolicy":
    "a policy can't name a database outside of the cluster; who reaches it is the namespace's own matter",
} as const;
const spread =
  "topologySpreadConstraints do the same for nodes and zones, and let a rollout go on where there is one node";

/** What kube-score says and we don't follow: the check's id and why, for each chart. */
export const EXCEPTIONS: Record<string, Record<string, string>> = {
  lockkeeper: {
    ...everywhere,
    "container-resources": "a throttled leader loses its lease: no limit of the CPU",
    "deployment-has-host-podantiaffinity": spread,
  },
  "database-migration": runs,
  workoutlog: { ...runs, "deployment-has-host-podantiaffinity": spread },
};

type Scored = { object_name: string; type_meta: { kind: string }; checks: Check[] };
type Check = {
  check: { id: string };
  grade: number;
  skipped: boolean;
  comments: { path: string; summary: string }[] | null;
};

/** Of kube-score's grades: 1 critical, 5 warning, 7 almost, 10 all ok. */
const OK = 10;

/** What kube-score finds fault with, one line each; `exceptions` are passed over. Throws where it can't read the objects. */
export async function scoreOf(objects: Manifest[], exceptions: Record<string, string>): Promise<string[]> {
  const program = join(await programs("kubescore"), "kube-score");
  const scored = JSON.parse(
    await told(program, ["score", "--output-format=json", "-"], documents(objects)),
  ) as Scored[];
  if (scored.length === 0) throw new Error("kube-score has looked at nothing");
  return scored.flatMap(({ object_name: name, type_meta: { kind }, checks }) =>
    checks
      .filter(({ grade, skipped, check }) => !skipped && grade < OK && !Object.hasOwn(exceptions, check.id))
      .flatMap(({ check, comments }) =>
        (comments ?? []).map(({ path, summary }) => `${kind} ${name}: ${check.id}: ${path} ${summary}`),
      ),
  );
}
