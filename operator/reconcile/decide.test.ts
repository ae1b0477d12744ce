import { expect, test } from "vitest";
import type { Report } from "../../contract/report.ts";
import { Status } from "../../contract/resource/status.ts";
import { decide } from "./decide.ts";
import { mergePatch } from "./patch.ts";
import { newsOf } from "./tell.ts";
import { world } from "./world.fixture.ts";
import type { World } from "./world.fixture.ts";

const FAILED: Partial<Report> = { outcome: "FAILED", exitCode: 11, pendingCount: 1, pending: ["0002_b"] };
const LOCKED: Partial<Report> = { ...FAILED, outcome: "LOCK_TIMEOUT", exitCode: 10 };
const error = (code: string, message: string) => ({ code, message, migration: "0002_b" });

test("a new resource starts one run, and says so before the Job is made", () => {
  const web = world();
  const { acts } = web.look({ dies: true });
  expect(acts.map(({ is }) => is)).toEqual(["createJob"]);
  expect(web.condition("Ready")).toBe("False Pending");
  expect(web.condition("Reconciling")).toBe("True Pending");
  expect(web.status.releases).toMatchObject([{ state: "Running", attempt: 1, epoch: 1, runId: "id-1" }]);
  expect(web.status.runs).toMatchObject([{ id: "id-1", status: "RUNNING" }]);
});

test("an operator that died before it made the Job makes that very Job, with the same run id", () => {
  const web = world();
  web.look({ dies: true });
  const name = web.status.releases?.[0]?.job;
  web.look();
  expect(web.created.map(({ job, runId, attempt }) => ({ job, runId, attempt }))).toEqual([
    { job: name, runId: "id-1", attempt: 1 },
  ]);
});

test("a report of success is proof: Ready, and nothing more is started", () => {
  const web = world();
  web.look();
  web.report();
  const { ended, again } = web.look();
  expect(web.condition("Ready")).toBe("True Applied");
  expect(web.message()).toBe("0002_b; 1 applied in 12 ms");
  expect(web.condition("Reconciling")).toBeNull();
  expect(web.status.schema).toMatchObject({ version: "0002_b", applied: 2, pending: 0 });
  expect(web.status.runs).toMatchObject([{ id: "id-1", status: "SUCCESS", versionBefore: "0001_a" }]);
  expect(ended.map(({ id }) => id)).toEqual(["id-1"]);
  expect(again).toBeGreaterThan(6 * 3_600_000 - 1);
  expect(web.look().ended).toEqual([]);
  expect(web.created).toHaveLength(1);
});

test.each([
  ["pending migrations", { pendingCount: 1 }, "False NoReport"],
  ["no database", { database: null }, "False NoReport"],
  ["migrating disabled", { outcome: "SKIPPED", disabled: true }, "False Disabled"],
] as const)("exit code 0 with %s proves nothing", (_what, report, ready) => {
  const web = world();
  web.look();
  web.report(report);
  web.look();
  expect(web.condition("Ready")).toBe(ready);
  expect(web.status.releases?.[0]?.state).not.toBe("Applied");
});

test("SKIPPED because nothing is pending is proof", () => {
  const web = world();
  web.look();
  web.report({ outcome: "SKIPPED", appliedCount: 0, applied: [] });
  web.look();
  expect(web.message()).toBe("0002_b; nothing to do");
  expect(web.condition("Ready")).toBe("True Applied");
});

test("a lock time-out is tried again, later each time, and stalls when the tries are used up", () => {
  const web = world({ spec: { retry: { limit: 2, backoff: "10s", max: "15s" } } });
  const sentence = "0002_b waited 5 s for public.sets; blocked by pid 812 (web, idle in transaction for 4m)";
  for (const pause of [10_000, 15_000]) {
    web.look();
    web.report({ ...LOCKED, error: error("55P03", sentence) });
    const { again } = web.look();
    expect(again).toBe(pause);
    expect(web.condition("Reconciling")).toBe("True LockTimeout");
    expect(web.condition("Stalled")).toBeNull();
    expect(web.message()).toContain(sentence);
    web.pass(pause - 1);
    expect(web.look().acts).toEqual([]);
    web.pass(1);
  }
  web.look();
  web.report({ ...LOCKED, error: error("55P03", sentence) });
  expect(web.look().again).toBeNull();
  expect(web.condition("Stalled")).toBe("True LockTimeout");
  expect(web.condition("Reconciling")).toBeNull();
  expect(web.message()).toBe(`${sentence}; given up after 3 runs`);
  expect(web.created.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  expect(new Set(web.created.map(({ job }) => job)).size).toBe(3);
  expect(new Set(web.created.map(({ runId }) => runId)).size).toBe(3);
});

test("a SQL error stalls at once, until the annotation asks for another try", () => {
  const web = world();
  web.look();
  web.report({ ...FAILED, error: error("42703", 'column "wight" does not exist') });
  web.look();
  expect(web.condition("Stalled")).toBe("True MigrationFailed");
  expect(web.message()).toBe('column "wight" does not exist');
  expect(web.look().acts).toEqual([]);
  web.annotate({ "lockkeeper.dev/retry": "2026-01-01" });
  web.look();
  expect(web.created.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(web.status.lastHandledRetry).toBe("2026-01-01");
  web.report({ ...FAILED, error: error("42703", "again") });
  web.look();
  expect(web.look().acts).toEqual([]);
  expect(web.condition("Stalled")).toBe("True MigrationFailed");
});

test("a changed spec clears a failure", () => {
  const web = world();
  web.look();
  web.report({ ...FAILED, error: error("42703", "no") });
  web.look();
  web.change({ lock: { timeout: "9s" } });
  web.look();
  expect(web.created).toHaveLength(2);
  expect(web.status.observedGeneration).toBe(2);
});

test("a spec that changes while a run is on waits for that run's end, then has its own", () => {
  const web = world();
  web.look();
  web.outcome({ is: "running", pod: "web-pod", startedAt: null, reason: null, message: "" });
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  expect(web.look().acts.map(({ is }) => is)).toEqual(["follow"]);
  expect(web.created).toHaveLength(1);
  expect(web.condition("Ready")).toBe("False Running");
  web.report();
  web.look();
  expect(web.created.map(({ source }) => source)).toMatchObject([{ image: "web:1" }, { image: "web:2" }]);
  expect(web.status.releases).toMatchObject([
    { state: "Running", image: "web:2" },
    { state: "Applied", image: "web:1" },
  ]);
});

test("going back to an image that is proved passes at once", () => {
  const web = world();
  web.look();
  web.report();
  web.look();
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  web.look();
  web.report({ versionAfter: "0003_c" });
  web.look();
  web.change({ source: { image: { ref: "web:1" }, path: "/app/drizzle" } });
  expect(web.look().acts).toEqual([]);
  expect(web.condition("Ready")).toBe("True DatabaseAhead");
  expect(web.message()).toBe("its migrations up to 0002_b are applied; a newer release brought the database to 0003_c");
});

test("after an undo nothing is pending, and nothing is said of the undone image", () => {
  const web = world();
  web.look();
  web.report();
  web.look();
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  web.look();
  web.report({ ...FAILED, available: 3, error: error("42703", "no") });
  web.look();
  expect(web.status.schema).toMatchObject({ pending: 1, pendingNames: ["0002_b"] });
  web.change({ source: { image: { ref: "web:1" }, path: "/app/drizzle" } });
  web.look();
  expect(web.condition("Ready")).toMatch(/^True/);
  expect(web.status.schema).toMatchObject({ pending: 0, pendingNames: [] });
  expect(web.status.source).toMatchObject({ image: "web:1", available: 0, digest: "" });
});

test("a run that can't begin is given up for a release that is wanted now; one that began isn't", () => {
  const web = world();
  web.look();
  web.outcome({ is: "starting", reason: "ImagePullFailed", message: "web:1 can't be pulled", pod: "web-pod" });
  web.look();
  expect(web.condition("Reconciling")).toBe("True ImagePullFailed");
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  expect(web.look().acts.map(({ is }) => is)).toEqual(["deleteJob"]);
  expect(web.created).toHaveLength(1);
  web.look();
  expect(web.created.map(({ source }) => source)).toMatchObject([{ image: "web:1" }, { image: "web:2" }]);
});

test("nothing is started while a Job that should be gone is still there", () => {
  const web = world();
  web.look();
  web.outcome({ is: "starting", reason: "PodNotStarted", message: 'secret "web-db" not found', pod: "web-pod" });
  web.look();
  web.change({ job: { serviceAccountName: "migrator" } });
  const { acts } = web.look({ dies: true });
  expect(acts.map(({ is }) => is)).toEqual(["deleteJob"]);
  const job = web.jobs[0];
  if (job) job.isDeleting = true;
  expect(web.look().acts).toEqual([]);
  expect(web.message()).toContain("waits until the Job");
  web.jobs.splice(0);
  web.look();
  expect(web.created.map(({ attempt }) => attempt)).toEqual([1, 2]);
});

test("a lost status and a Job that is being deleted, with no pod that is known: nothing is started until it is gone", () => {
  const web = world({ slowDeletion: true });
  web.look();
  web.forget();
  expect(web.look().acts.map(({ is }) => is)).toEqual(["deleteJob"]);
  web.lose("PodDeleted");
  for (const job of web.jobs) if (job.outcome.is === "lost") job.outcome.pod = null;
  expect(web.look().acts).toEqual([]);
  expect(web.message()).toContain("waits until the Job");
  web.collect();
  web.look();
  expect(web.created).toHaveLength(2);
});

test("a suspended resource starts nothing, finishes what is on, and is neither stalled nor reconciling", () => {
  const web = world({ spec: { suspend: true } });
  expect(web.look().acts).toEqual([]);
  expect(web.condition("Ready")).toBe("False Suspended");
  expect([web.condition("Reconciling"), web.condition("Stalled")]).toEqual([null, null]);
  web.change({ suspend: false });
  web.look();
  web.change({ suspend: true });
  web.report();
  web.look();
  expect(web.condition("Ready")).toBe("True Applied");
});

test("recheck withdraws all proof: what is wanted is run again, under another Job name", () => {
  const web = world();
  web.look();
  web.report();
  web.look();
  web.annotate({ "lockkeeper.dev/recheck": "restored" });
  web.look();
  expect(web.status.epoch).toBe(2);
  expect(web.condition("Ready")).toBe("False Pending");
  expect(web.created.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(web.created[0]?.job).not.toBe(web.created[1]?.job);
});

test("a run of before the recheck is recorded and proves nothing", () => {
  const web = world();
  web.look();
  web.annotate({ "lockkeeper.dev/recheck": "restored" });
  web.look();
  web.report();
  web.look();
  expect(web.status.runs?.map(({ status }) => status)).toEqual(["RUNNING", "SUCCESS"]);
  expect(web.created.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(web.condition("Ready")).toBe("False Pending");
});

test("a failure of before the recheck isn't held against the release", () => {
  const web = world();
  web.look();
  web.annotate({ "lockkeeper.dev/recheck": "restored" });
  web.look();
  web.report({ ...FAILED, error: error("42703", "no") });
  web.look();
  expect(web.created.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(web.condition("Stalled")).toBeNull();
});

test("another database behind the same address withdraws all proof", () => {
  const web = world();
  web.look();
  web.report();
  web.look();
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  web.look();
  web.report({ database: { systemIdentifier: "8", name: "shop", oid: 16384 } });
  web.look();
  expect(web.status.epoch).toBe(2);
  expect(web.condition("Ready")).toBe("False Pending");
  web.report({ database: { systemIdentifier: "8", name: "shop", oid: 16384 } });
  web.look();
  expect(web.condition("Ready")).toBe("True Applied");
});

test("an identifier that the role may not read is no other database", () => {
  const web = world();
  web.look();
  web.report({ database: { systemIdentifier: "", name: "shop", oid: 16384 } });
  web.look();
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  web.look();
  web.report();
  web.look();
  expect(web.status.epoch).toBe(1);
});

test("a run without a report is unknown: it is tried again", () => {
  const web = world();
  web.look();
  web.lose("OutOfMemory");
  web.look();
  expect(web.condition("Reconciling")).toBe("True OutOfMemory");
  expect(web.status.runs).toMatchObject([{ status: "FAILED", error: { code: "OutOfMemory" } }]);
  web.pass(10_000);
  web.look();
  expect(web.created.map(({ attempt }) => attempt)).toEqual([1, 2]);
});

test("a node without image volumes: the next try copies, at once, when the way is ours to choose", () => {
  const web = world();
  web.look();
  expect(web.created[0]?.source).toMatchObject({ copy: "ImageVolume" });
  web.lose("ImageVolumeUnsupported");
  web.look();
  expect(web.created[1]?.source).toMatchObject({ copy: "InitContainer" });
  const told = world({ spec: { source: { ...web.migration().spec.source, copy: "ImageVolume" } } });
  told.look();
  told.lose("ImageVolumeUnsupported", false);
  told.look();
  expect(told.created).toHaveLength(1);
  expect(told.condition("Stalled")).toBe("True ImageVolumeUnsupported");
});

test("a lost run whose pod could still begin is deleted before the next one is started", () => {
  const web = world({ slowDeletion: true });
  web.look();
  web.lose("ImageVolumeUnsupported");
  const [job] = web.jobs;
  if (job?.outcome.is === "lost") job.outcome.lingers = true;
  expect(web.look().acts.map(({ is }) => is)).toEqual(["deleteJob"]);
  expect(web.look().acts).toEqual([]);
  web.collect();
  web.look();
  expect(web.created.map(({ source }) => source)).toMatchObject([{ copy: "ImageVolume" }, { copy: "InitContainer" }]);
});

test("without image volumes on the server files are copied, and a spec that demands a volume is told so", () => {
  const web = world();
  web.look({ imageVolumes: false });
  expect(web.created[0]?.source).toMatchObject({ copy: "InitContainer" });
  const told = world({ spec: { source: { image: { ref: "web:1" }, path: "/app/drizzle", copy: "ImageVolume" } } });
  expect(told.look({ imageVolumes: false }).acts).toEqual([]);
  expect(told.condition("Stalled")).toBe("True CopyUnsupported");
});

test("a Job of the same name that isn't this resource's stalls it", () => {
  const web = world();
  web.look({ dies: true });
  web.look({ foreign: new Set([web.status.releases?.[0]?.job ?? ""]), dies: true });
  expect(web.condition("Stalled")).toBe("True JobConflict");
});

test("a Job that was made before its status was lost keeps its run id", () => {
  const web = world();
  web.look();
  const [job] = web.jobs;
  if (job) job.runId = "made-before";
  web.report({ runId: "made-before" });
  web.look();
  expect(web.status.runs).toMatchObject([{ id: "made-before", status: "SUCCESS" }]);
  expect(web.condition("Ready")).toBe("True Applied");
});

test("a refused Job is told, with the server's own words", () => {
  const web = world();
  web.look({ dies: true });
  const job = web.status.releases?.[0]?.job ?? "";
  web.look({ refusal: { job, cures: true, message: "exceeded quota: jobs" }, dies: true });
  expect(web.condition("Reconciling")).toBe("True JobNotCreated");
  expect(web.message()).toContain("exceeded quota: jobs");
  web.look({ refusal: { job, cures: false, message: "metadata.labels: Invalid value" }, dies: true });
  expect(web.condition("Stalled")).toBe("True InvalidSpec");
});

test("a pod whose sidecar goes on is deleted once its runner's outcome is written", () => {
  const web = world();
  web.look();
  web.report();
  const [job] = web.jobs;
  if (job) job.sidecars = true;
  const { acts } = web.look();
  expect(acts).toEqual([{ is: "deletePod", name: "web-pod" }]);
  expect(web.condition("Ready")).toBe("True Applied");
});

test("the check for drift runs when its time has come, and Ready stays while it does", () => {
  const web = world();
  web.look();
  web.report();
  const { again } = web.look();
  web.pass(again ?? 0);
  web.look();
  expect(web.created.map(({ command }) => command)).toEqual(["migrate", "status"]);
  expect(web.condition("Ready")).toBe("True Applied");
  web.report({
    driftCount: 1,
    drift: ["0001_a"],
    exitCode: 12,
    outcome: "FAILED",
    error: error("DRIFT", "0001_a changed"),
  });
  web.look();
  expect(web.condition("Drifted")).toBe("True Drift");
  expect(web.message("Drifted")).toBe("0001_a changed");
  expect(web.condition("Ready")).toBe("True Applied");
  expect(web.status.runs).toHaveLength(1);
});

test("a check that gives way to a release is gone before the release's Job is made", () => {
  const web = world();
  web.look();
  web.report();
  const { again } = web.look();
  web.pass(again ?? 0);
  web.look();
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  expect(web.look().acts.map(({ is }) => is)).toEqual(["deleteJob"]);
  web.look();
  expect(web.created.map(({ command }) => command)).toEqual(["migrate", "status", "migrate"]);
});

test("a check that finds an applied release gone withdraws all proof and runs it again", () => {
  const web = world();
  web.look();
  web.report();
  const { again } = web.look();
  web.pass(again ?? 0);
  web.look();
  web.report({ pendingCount: 1, pending: ["0002_b"], appliedTotal: 1 });
  web.look();
  expect(web.status.epoch).toBe(2);
  expect(web.created.map(({ command, epoch }) => `${command} ${epoch}`)).toEqual([
    "migrate 1",
    "status 1",
    "migrate 2",
  ]);
});

test("no check with an interval of 0", () => {
  const web = world({ spec: { drift: { interval: "0s" } } });
  web.look();
  web.report();
  expect(web.look().again).toBeNull();
});

test("resources that share a database say so", () => {
  const web = world();
  web.look({ sharedWith: ["api"] });
  expect(web.condition("SharedDatabase")).toBe("True SameDatabase");
  expect(web.message("SharedDatabase")).toContain("api");
  web.look();
  expect(web.condition("SharedDatabase")).toBeNull();
});

test("what is written is what is read again: the server drops nulls, and a second look writes nothing", () => {
  const blocker = { pid: 812, user: "web", application: null, state: null, transactionAge: null };
  const blockers = [{ ...blocker, relation: "public.sets", mode: null, preparedTransaction: null }];
  const web = world();
  web.look();
  web.report({ ...LOCKED, error: { code: "55P03", message: "waited", migration: null }, blockers });
  web.look();
  const isNull = (_key: string, value: unknown) => (value === null ? undefined : value);
  const stored = JSON.parse(JSON.stringify(web.status, isNull)) as object;
  expect(mergePatch(stored, web.status)).toBeNull();
});

test("a condition's time changes with its status only", () => {
  const web = world();
  web.look();
  const before = web.status.conditions?.[0];
  web.pass(60_000);
  web.outcome({ is: "running", pod: "web-pod", startedAt: null, reason: null, message: "" });
  web.look();
  const after = web.status.conditions?.[0];
  expect([before?.reason, after?.reason]).toEqual(["Pending", "Running"]);
  expect(after?.lastTransitionTime).toBe(before?.lastTransitionTime);
  web.report();
  web.look();
  expect(web.status.conditions?.[0]?.lastTransitionTime).not.toBe(before?.lastTransitionTime);
});

test("a run that fails by a spec which has been changed meanwhile is followed by one of the new spec", () => {
  const web = world();
  web.look();
  web.change({ lock: { timeout: "9s" } });
  web.look();
  web.report({ ...FAILED, error: error("42703", "no") });
  web.look();
  expect(web.condition("Stalled")).toBeNull();
  expect(web.created.map(({ migration }) => migration.spec.lock.timeout)).toEqual(["5s", "9s"]);
});

test("a retry that is asked for while a run is on comes when that run fails", () => {
  const web = world();
  web.look();
  web.annotate({ "lockkeeper.dev/retry": "now" });
  web.look();
  web.report({ ...FAILED, error: error("42703", "no") });
  web.look();
  expect(web.created).toHaveLength(2);
  expect(web.status.lastHandledRetry).toBe("now");
  web.report({ ...FAILED, error: error("42703", "no") });
  web.look();
  expect(web.condition("Stalled")).toBe("True MigrationFailed");
});

test("a run that is given up gets a last word, once", () => {
  const web = world();
  web.look();
  web.outcome({ is: "starting", reason: "ImagePullFailed", message: "web:1 can't be pulled", pod: "web-pod" });
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  const { ended } = web.look();
  expect(ended).toMatchObject([{ id: "id-1", status: "SKIPPED", error: { code: "Cancelled" } }]);
  expect(web.look().ended).toEqual([]);
  expect(web.status.runs?.map(({ status }) => status)).toEqual(["RUNNING", "SKIPPED"]);
});

test("a lower historyLimit counts at once, and a hundred of the largest reports are less than etcd takes", () => {
  const web = world({ spec: { historyLimit: 100, retry: { limit: 100 } } });
  const large = "<".repeat(1_900);
  for (let run = 0; run < 101; run++) {
    web.look();
    web.report({ ...LOCKED, error: error("55P03", large), applied: [large] });
    web.pass(600_000);
  }
  web.look();
  expect(JSON.stringify(web.status.runs).length * 6).toBeLessThan(1_200_000);
  expect(web.status.runs?.length).toBeGreaterThan(20);
  web.change({ historyLimit: 3 });
  web.look();
  expect(web.status.runs).toHaveLength(3);
});

test("a run that never saw the history says nothing of the schema, and nothing of drift", () => {
  const web = world();
  web.look();
  web.report();
  web.look();
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  web.look();
  const unseen = {
    appliedTotal: 0,
    appliedCount: 0,
    applied: [],
    pendingCount: 0,
    versionBefore: null,
    versionAfter: null,
  };
  web.report({ ...LOCKED, ...unseen, error: error("RUNNER_LOCK_TIMEOUT", "another runner is at work") });
  web.look();
  expect(web.status.schema).toMatchObject({ version: "0002_b", applied: 2 });
  web.change({ source: { image: { ref: "web:1" }, path: "/app/drizzle" } });
  web.look();
  expect(web.condition("Ready")).toBe("True Applied");
});

test("two databases that answer in turn are run for ever more seldom", () => {
  const web = world();
  const answers = () =>
    web.report({ database: { systemIdentifier: `${web.created.length}`, name: "shop", oid: 16384 } });
  web.look();
  answers();
  web.look();
  web.annotate({ "lockkeeper.dev/recheck": "now" });
  web.look();
  answers();
  web.look();
  expect(web.created).toHaveLength(3);
  for (const pause of [10_000, 20_000]) {
    answers();
    expect(web.look().again).toBe(pause);
    expect(web.condition("Reconciling")).toBe("True DatabaseChanged");
    web.pass(pause);
    web.look();
  }
});

test("a renamed database is no other one, and an identifier that can't be read any more is remembered", () => {
  const web = world();
  web.look();
  web.report();
  web.look();
  web.change({ source: { image: { ref: "web:2" }, path: "/app/drizzle" } });
  web.look();
  web.report({ database: { systemIdentifier: "7", name: "store", oid: 16384 } });
  web.look();
  expect(web.status.epoch).toBe(1);
  web.change({ source: { image: { ref: "web:3" }, path: "/app/drizzle" } });
  web.look();
  web.report({ database: { systemIdentifier: "", name: "store", oid: 16384 } });
  web.look();
  expect(web.status.database?.systemIdentifier).toBe("7");
});

test("a copy that fails as an image volume would is tried again like anything else", () => {
  const web = world({ spec: { retry: { limit: 1 } } });
  for (let looks = 0; looks < 10; looks++) {
    web.look();
    web.lose("ImageVolumeUnsupported");
    web.look();
    web.pass(600_000);
  }
  expect(web.created.length).toBeLessThan(4);
  expect(web.condition("Stalled")).toBe("True ImageVolumeUnsupported");
});

test("what a lost status knew isn't taken from old Jobs: another run proves it", () => {
  const web = world();
  web.look();
  web.report();
  web.look();
  web.forget();
  web.look();
  expect(web.created.map(({ attempt }) => attempt)).toEqual([1, 2]);
  web.look();
  expect(web.condition("Ready")).toBe("False Pending");
  web.report();
  web.look();
  expect(web.condition("Ready")).toBe("True Applied");
});

test("a Deployment that is gone for a moment takes no proof with it", () => {
  const web = world();
  web.look();
  web.report();
  web.look();
  const target = { is: "unknown", waits: true, reason: "WorkloadNotFound", message: "it isn't there" } as const;
  web.look({ live: new Set(), target });
  expect(web.condition("Ready")).toBe("False WorkloadNotFound");
  web.look({ live: new Set() });
  expect(web.condition("Ready")).toBe("True Applied");
  expect(web.created).toHaveLength(1);
});

test.each([
  ["an image of 2,000 characters", (web: World) => web.change({}), { image: `a/${"b".repeat(2_000)}` }],
  [
    "a report with texts that are longer than a report",
    (web: World) => web.report({ ...FAILED, error: error("42703", "x".repeat(3_900)) }),
    {},
  ],
  [
    "a Job with a run id of another form",
    (web: World) => Object.assign(web.jobs[0] ?? {}, { runId: "x".repeat(100) }),
    {},
  ],
])("%s doesn't make a status that the API server refuses", (_what, happen, more) => {
  const web = world();
  web.look();
  happen(web);
  const { target } = web.observed();
  if (target.is === "release") Object.assign(target.wanted, more);
  web.look({ target });
  web.look({ target });
  expect(Status.safeParse(web.status).error).toBeUndefined();
});

test("a check on a node whose clock is a day behind isn't followed by another one at once", () => {
  const web = world();
  web.look();
  web.report({}, -86_400_000);
  const { again } = web.look();
  web.pass(again ?? 0);
  web.look();
  web.report({}, -86_400_000);
  expect(web.look().again).toBeGreaterThan(3_600_000);
});

test("a node whose clock is a year ahead doesn't put off the next check", () => {
  const web = world();
  web.look();
  web.report({}, 365 * 86_400_000);
  expect(web.look().again).toBeLessThan(7 * 3_600_000);
});

test("a Deployment that is scaled doesn't make the resource unready for the moment until its controller has seen it", () => {
  const web = world();
  web.look();
  web.report();
  web.look();
  const target = { is: "unknown", waits: true, reason: "WorkloadNotObserved", message: "not yet" } as const;
  const before = structuredClone(web.status);
  expect(web.look({ target, settling: true })).toMatchObject({ acts: [], again: 2_000 });
  expect(web.status).toEqual(before);
  web.look({ target });
  expect(web.condition("Ready")).toBe("False WorkloadNotObserved");
});

test("a check that can't look says so, and what it would have found isn't known", () => {
  const web = world();
  web.look();
  web.report();
  const { again } = web.look();
  expect(web.condition("Drifted")).toBe("False InSync");
  web.pass(again ?? 0);
  web.look();
  web.report({
    database: null,
    exitCode: 14,
    outcome: "FAILED",
    error: error("UNREACHABLE", "no server answers at db:5432"),
  });
  const seen = web.observed();
  const decision = decide(seen);
  expect(newsOf(decision, seen)).toMatchObject([{ type: "Warning", reason: "DriftUnknown" }]);
  web.look();
  expect(web.condition("Drifted")).toBe("Unknown Unreachable");
  expect(web.message("Drifted")).toBe("the last check for drift couldn't look: no server answers at db:5432");
  expect(web.condition("Ready")).toBe("True Applied");
  expect(newsOf(web.look(), web.observed())).toEqual([]);
});

test("a check whose Job is refused says so; drift that is known stays known", () => {
  const web = world();
  web.look();
  web.report();
  for (const drifted of ["Unknown JobNotCreated", "True Drift"]) {
    web.pass(7 * 3_600_000);
    const check = web.look({ dies: drifted.startsWith("Unknown") });
    const job = check.ledger.drift?.job ?? "";
    if (web.created.at(-1)?.job === job)
      web.report({ driftCount: 1, drift: ["0001_a"], exitCode: 12, outcome: "FAILED" });
    web.look({ refusal: { job, cures: true, message: "exceeded quota: jobs" } });
    expect(web.condition("Drifted")).toBe(drifted);
  }
  web.pass(7 * 3_600_000);
  web.look();
  web.lose("Evicted");
  web.look();
  expect(web.condition("Drifted")).toBe("True Drift");
});

test("a run whose Job isn't made yet isn't given up because its Deployment is scaled", () => {
  const web = world();
  web.look({ dies: true });
  const target = { is: "unknown", waits: true, reason: "WorkloadNotObserved", message: "not yet" } as const;
  expect(web.look({ target, settling: true })).toMatchObject({ acts: [], ended: [] });
  web.look();
  expect(web.created.map(({ attempt, runId }) => `${attempt} ${runId}`)).toEqual(["1 id-1"]);
});
