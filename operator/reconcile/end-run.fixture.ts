import { LABEL, MANAGED_BY, RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import { report } from "../outcome/report-fixture.ts";
import type { server } from "./server.fixture.ts";

type Server = ReturnType<typeof server>;

/** The run that is on ends with that report. */
export function endRun({ stores, status, clock }: Server, changes: Parameters<typeof report>[0]): void {
  const release = status.releases?.[0];
  const job = stores.jobs.get(`shop/${release?.job}`);
  if (release === undefined || job === undefined) throw new Error("no run is on");
  const at = new Date(clock.wall()).toISOString();
  const message = JSON.stringify(report({ runId: release.runId, tag: `${release.key}:${release.epoch}`, ...changes }));
  const terminated = {
    exitCode: changes?.exitCode ?? 0,
    message,
    startedAt: new Date(clock.wall() - 2_000).toISOString(),
    finishedAt: at,
  };
  stores.pods.event("ADDED", {
    metadata: {
      ...{ name: `${release.job}-pod`, namespace: "shop", uid: `pod-${release.job}`, resourceVersion: "5" },
      ...{
        creationTimestamp: at,
        labels: { [LABEL.managedBy]: MANAGED_BY, "batch.kubernetes.io/job-name": release.job },
      },
      ownerReferences: [
        { apiVersion: "batch/v1", kind: "Job", name: release.job, uid: job.metadata.uid, controller: true },
      ],
    },
    spec: {},
    status: { phase: "Running", containerStatuses: [{ name: RUNNER_CONTAINER, state: { terminated } }] },
  });
}
