/** What one look leads to: what is asked of the API server, and how soon the next look comes. */
import { expect, test } from "vitest";
import { LABEL, MANAGED_BY, RUN_ANNOTATION, RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import type { Job, Pod } from "../kubernetes/objects.ts";
import { report } from "../outcome/report-fixture.ts";
import { forbidden, server } from "./server.fixture.ts";

const proved = {
  exitCode: 0,
  reason: "Completed",
  startedAt: "2026-03-01T00:00:01Z",
  finishedAt: "2026-03-01T00:00:02Z",
};

/** The end of the run's container, with a report of success, in a pod that this uid owns. */
function podOf(job: Job, uid = job.metadata.uid): Pod {
  const { annotations = {} } = job.metadata;
  const tag = `${annotations[RUN_ANNOTATION.key]}:${annotations[RUN_ANNOTATION.epoch]}`;
  const runId = annotations[RUN_ANNOTATION.runId] ?? "";
  const command = annotations[RUN_ANNOTATION.command] === "status" ? "status" : "migrate";
  return {
    metadata: {
      ...{ name: `${job.metadata.name}-x`, namespace: "shop", uid: "uid-pod", resourceVersion: "9" },
      creationTimestamp: "2026-03-01T00:00:00Z",
      labels: { [LABEL.managedBy]: MANAGED_BY, "batch.kubernetes.io/job-name": job.metadata.name },
      ownerReferences: [{ apiVersion: "batch/v1", kind: "Job", name: job.metadata.name, uid, controller: true }],
    },
    spec: {},
    status: {
      containerStatuses: [
        {
          name: RUNNER_CONTAINER,
          state: { terminated: { ...proved, message: JSON.stringify(report({ runId, tag, command })) } },
        },
      ],
    },
  };
}

const onlyJob = (web: ReturnType<typeof server>): Job => [...web.stores.jobs.values()].at(-1) as Job;

test("a run's own pod proves it", async () => {
  const web = server();
  await web.look();
  web.stores.pods.event("ADDED", podOf(onlyJob(web)));
  await web.look();
  expect(web.status.releases).toMatchObject([{ state: "Applied" }]);
});

test("a status that was wiped: its Job is deleted once, and nothing is started beside it until it is gone", async () => {
  const deleted = "2026-03-01T00:00:09Z";
  const web = server({}, ({ method, path }) => {
    const job = onlyJob(web);
    if (method !== "DELETE" || !path.endsWith(`/jobs/${job.metadata.name}`)) return undefined;
    return { ...job, metadata: { ...job.metadata, resourceVersion: "900", deletionTimestamp: deleted } };
  });
  await web.look();
  const first = onlyJob(web);
  web.wipe();
  web.calls.length = 0;
  for (let looks = 0; looks < 3; looks++) await web.look();
  expect(web.calls.filter((call) => /^(DELETE|POST)/.test(call))).toEqual([expect.stringMatching(/^DELETE jobs/)]);
  expect(web.message()).toContain(`waits until the Job ${first.metadata.name} is gone`);
  web.stores.jobs.event("DELETED", { ...first, metadata: { ...first.metadata, resourceVersion: "901" } });
  await web.look();
  expect(web.calls.filter((call) => call.startsWith("POST"))).toHaveLength(1);
});

test("a pod with a run's labels that is of another Job, deleted by hand say, says nothing of the run", async () => {
  const web = server();
  await web.look();
  web.stores.pods.event("ADDED", podOf(onlyJob(web), "uid-of-the-job-before"));
  await web.look();
  expect(web.status.releases).toMatchObject([{ state: "Running" }]);
});

test("a refused Job is asked for again, later each time, and not in between", async () => {
  const web = server({}, ({ method, path }) => {
    if (method === "POST" && path.endsWith("/jobs")) throw forbidden();
  });
  expect(await web.during(300_000)).toBeLessThan(40);
  expect(web.calls.filter((call) => call === "POST jobs").length).toBeLessThan(12);
  expect(web.message()).toContain("exceeded quota: jobs");
});

test("a refused check for drift is no reason to look again and again", async () => {
  let refuses = false;
  const web = server({}, ({ method, path }) => {
    if (refuses && method === "POST" && path.endsWith("/jobs")) throw forbidden();
  });
  await web.look();
  web.stores.pods.event("ADDED", podOf(onlyJob(web)));
  await web.look();
  refuses = true;
  await web.clock.pass(7 * 3_600_000);
  expect(await web.during(3_600_000)).toBeLessThan(10);
});

test("a refused Job of a resource that is then suspended is no reason to look again and again", async () => {
  const web = server({}, ({ method, path }) => {
    if (method === "POST" && path.endsWith("/jobs")) throw forbidden();
  });
  await web.look();
  web.change({ suspend: true });
  expect(await web.during(3_600_000)).toBeLessThan(10);
});

test("a run is said to have started when its Job is made, not when it is refused", async () => {
  let refuses = true;
  const web = server({}, ({ method, path }) => {
    if (refuses && method === "POST" && path.endsWith("/jobs")) throw forbidden();
  });
  await web.during(10_000);
  const started = () => web.events.filter((event) => event.startsWith("RunStarted"));
  expect(started()).toEqual([]);
  refuses = false;
  await web.during(60_000);
  await web.during(60_000);
  expect(started()).toHaveLength(1);
});

test("a status that can't be read is replaced whole: the next one can", async () => {
  const web = server({ drift: { number: "three" }, epoch: 4, somebodys: true });
  await web.during(10_000);
  await web.during(10_000);
  expect(web.status.drift).toBeUndefined();
  expect(web.calls).toEqual(["PATCH databasemigrations/web/status", "POST jobs"]);
});

test("a spec that the API server takes and nobody can use stalls, and is told once", async () => {
  const web = server();
  web.change({ timeouts: { run: "9999d" } });
  expect(await web.look()).toBeNull();
  expect(await web.look()).toBeNull();
  expect(web.status.conditions).toMatchObject([
    { type: "Ready", status: "False", reason: "InvalidSpec" },
    { type: "Stalled", status: "True", reason: "InvalidSpec" },
  ]);
  expect(web.message()).toContain("a duration is at most ten years");
  expect(web.events).toHaveLength(1);
  expect(web.calls).toEqual(["PATCH databasemigrations/web/status"]);
});
