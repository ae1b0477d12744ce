/** Jobs with our own image: the contract suite's probe of what pods can do. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "./provider.ts";

/** What is run: our image's own program with `args`, or another `command`. */
export type Container = { image: string; command?: string[]; args?: string[]; volumeMounts?: unknown[] };
export type Script = { namespace: string; name: string; container: Container; pod?: Record<string, unknown> };
export type Outcome = { succeeded: boolean; code: number | null; message: string; log: string; node: string };

/** A command that runs JavaScript with the Node of our image. */
export function javascript(code: string): string[] {
  return ["/nodejs/bin/node", "--input-type=module", "--eval", code];
}

/** A pod's spec as the operator's Jobs have it: nothing that a restricted namespace would refuse. */
export function podOf(container: Container, more: Record<string, unknown> = {}) {
  const securityContext = {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
  };
  return {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "main", imagePullPolicy: "IfNotPresent", securityContext, ...container }],
    ...more,
  };
}

/** Creates the Job, waits for its end (at most two minutes) and tells what came of it. */
export async function runJob(cluster: Cluster, script: Script): Promise<Outcome> {
  const { namespace, name } = script;
  await cluster.apply({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { namespace, name },
    spec: { backoffLimit: 0, template: { spec: { restartPolicy: "Never", ...podOf(script.container, script.pod) } } },
  });
  return await endOf(cluster, script);
}

/** Waits for a Job's end (at most two minutes) and tells what came of it. */
export async function endOf(
  cluster: Cluster,
  { namespace, name }: { namespace: string; name: string },
): Promise<Outcome> {
  const selector = `--selector=job-name=${name}`;
  for (let tries = 0; tries < 600; tries++, await sleep(200)) {
    const pods = JSON.parse(await cluster.kubectl("get", "pods", "-n", namespace, selector, "-o", "json")) as PodList;
    const pod = pods.items[0];
    if (pod?.status.phase !== "Succeeded" && pod?.status.phase !== "Failed") continue;
    const terminated = pod.status.containerStatuses?.[0]?.state.terminated;
    return {
      succeeded: pod.status.phase === "Succeeded",
      code: terminated?.exitCode ?? null,
      message: terminated?.message ?? "",
      log: await cluster.kubectl("logs", "-n", namespace, selector),
      node: pod.spec.nodeName ?? "",
    };
  }
  throw new Error(`Job ${name} doesn't end:\n${await cluster.kubectl("describe", "pods", "-n", namespace, selector)}`);
}

type Pod = {
  metadata: { name: string };
  spec: { nodeName?: string };
  status: { phase: string; containerStatuses?: { state: { terminated?: { exitCode: number; message?: string } } }[] };
};
type PodList = { items: Pod[] };
