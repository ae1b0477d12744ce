import { expect, test } from "vitest";
import type { Outcome, RunIdentity } from "./outcome.ts";
import { condition, exited, IMAGE, job, NOW, pod, RUNNING, waiting } from "./pod-fixture.ts";
import { readOutcome } from "./read-outcome.ts";
import { report } from "./report-fixture.ts";

const IDENTITY: RunIdentity = { runId: report().runId, tag: report().tag, command: "migrate" };

const read = (...[aJob, aPod, now = NOW]: [ReturnType<typeof job>, ReturnType<typeof pod> | null, Date?]): Outcome =>
  readOutcome(aJob, aPod, IDENTITY, now);

const message = (changes: Parameters<typeof report>[0] = {}): string => JSON.stringify(report(changes));

const TIMES = { startedAt: "2026-01-01T12:00:05Z", finishedAt: "2026-01-01T12:00:10Z" };

test("a run has ended when its container has, whatever its pod's phase and its sidecars say", () => {
  for (const aPod of [
    pod({ runner: exited(0, { message: message() }) }),
    pod({ runner: exited(0, { message: message() }), sidecar: RUNNING, phase: "Running" }),
    pod({ runner: exited(0, { message: message() }), sidecar: exited(1), phase: "Failed" }),
    pod({ runner: exited(0, { message: message() }), deletionTimestamp: "2026-01-01T12:00:00Z" }),
  ]) {
    expect(read(job(), aPod)).toEqual({ is: "reported", report: report(), pod: "web-1-x7k2p", ...TIMES });
  }
});

test("a failed run's report counts too, also of an evicted pod", () => {
  const cancelled = { outcome: "FAILED", exitCode: 15 } as const;
  const evicted = pod({
    runner: exited(15, { message: message(cancelled) }),
    reason: "Evicted",
    conditions: [condition("DisruptionTarget", "True", { reason: "EvictionByEvictionAPI" })],
  });
  expect(read(job(), evicted)).toMatchObject({ is: "reported", report: cancelled });
});

test("a sidecar's message is no report", () => {
  const aPod = pod({ runner: RUNNING, sidecar: exited(0, { message: message() }) });
  expect(read(job(), aPod)).toMatchObject({ is: "running", reason: null });
});

test.each([
  ["none", undefined, "it left no report"],
  ["one that was cut off", message().slice(0, 200), "not a report"],
  ["no JSON", "Segmentation fault", "not a report"],
  ["JSON that is no report", '{"v":1}', "not a report"],
  ["a list", "[]", "not a report"],
  ["a report of a later version", JSON.stringify({ ...report(), v: 2 }), "not a report"],
  ["one that is too long", JSON.stringify({ ...report(), more: "x".repeat(4_096) }), "longer than 4096 bytes"],
  ["another run's", message({ runId: "other" }), "of another run"],
  ["another release's", message({ tag: "other:1" }), "of another release or epoch"],
  ["another epoch's", message({ tag: "key:2" }), "of another release or epoch"],
  ["another command's", message({ command: "status" }), "of the command status"],
  ["one with another exit code", message({ exitCode: 11 }), "says exit code 11, and the container ended with 0"],
])("with a message that is %s the run is unknown and is repeated", (_name, text, why) => {
  const outcome = read(job(), pod({ runner: exited(0, text === undefined ? {} : { message: text }) }));
  expect(outcome).toMatchObject({ is: "lost", reason: "NoReport", retry: true, pod: "web-1-x7k2p", ...TIMES });
  expect(outcome).toHaveProperty("message", expect.stringContaining(why));
});

const DISRUPTED = (reason: string) => [condition("DisruptionTarget", "True", { reason, message: "why so" })];

test.each([
  ["out of memory", { runner: exited(137, { reason: "OOMKilled" }) }, "OutOfMemory"],
  [
    "out of memory after its last word",
    { runner: exited(137, { reason: "OOMKilled", message: message({ exitCode: 11 }) }) },
    "OutOfMemory",
  ],
  ["killed", { runner: exited(137) }, "Killed"],
  ["terminated without a word", { runner: exited(143) }, "Killed"],
  ["lost by its runtime", { runner: exited(137, { reason: "ContainerStatusUnknown" }) }, "Killed"],
  ["failed without a word", { runner: exited(1) }, "NoReport"],
  ["failed by a bug without a word", { runner: exited(70) }, "NoReport"],
  ["not startable", { runner: exited(128, { reason: "StartError", message: "no such file" }) }, "PodNotStarted"],
  ["not startable in Docker", { runner: exited(127, { reason: "ContainerCannotRun" }) }, "PodNotStarted"],
  ["deleted", { runner: exited(137), deletionTimestamp: "2026-01-01T12:00:30Z" }, "PodDeleted"],
  ["evicted by its node", { runner: exited(137), phase: "Failed", reason: "Evicted" }, "Evicted"],
  ["evicted before it began", { runner: waiting("ContainerCreating"), phase: "Failed", reason: "Evicted" }, "Evicted"],
  ["evicted without containers", { phase: "Failed", reason: "Evicted" }, "Evicted"],
  ["evicted by a drain", { runner: exited(137), conditions: DISRUPTED("EvictionByEvictionAPI") }, "Evicted"],
  ["ended by the kubelet", { runner: exited(137), conditions: DISRUPTED("TerminationByKubelet") }, "Evicted"],
  ["tainted away", { runner: exited(137), conditions: DISRUPTED("DeletionByTaintManager") }, "Evicted"],
  ["preempted", { runner: exited(143), conditions: DISRUPTED("PreemptionByScheduler") }, "Evicted"],
  ["disrupted by something new", { runner: exited(137), conditions: DISRUPTED("NewInSomeVersion") }, "Evicted"],
  [
    "on a node that is gone",
    { runner: RUNNING, phase: "Failed", conditions: DISRUPTED("DeletionByPodGC") },
    "NodeLost",
  ],
  ["on a node that was shut down", { phase: "Failed", reason: "NodeShutdown" }, "Evicted"],
  ["refused by its kubelet", { phase: "Failed", reason: "OutOfcpu", message: "too little" }, "PodNotStarted"],
])("a runner that was %s is lost, for its own reason, and is tried again", (_name, parts, reason) => {
  expect(read(job(), pod(parts))).toMatchObject({ is: "lost", reason, retry: true, pod: "web-1-x7k2p" });
});

const FAILED = (reason: string) => [condition("Failed", "True", { reason })];

test.each([
  ["failed", job(FAILED("BackoffLimitExceeded")), "PodDeleted"],
  ["complete", job([condition("Complete", "True")]), "PodDeleted"],
  ["being deleted", job([], { deleted: true }), "PodDeleted"],
  ["past its deadline", job(FAILED("DeadlineExceeded")), "RunTimeout"],
  [
    "failing past its deadline",
    job([condition("FailureTarget", "True", { reason: "DeadlineExceeded" })]),
    "RunTimeout",
  ],
])("a Job that is %s without a pod is lost", (_name, aJob, reason) => {
  expect(read(aJob, null)).toMatchObject({
    is: "lost",
    reason,
    retry: true,
    pod: null,
    startedAt: null,
    finishedAt: NOW.toISOString(),
  });
});

test("a pod that the Job's deadline ended is past its time, not killed", () => {
  const aPod = pod({ runner: exited(137), deletionTimestamp: "2026-01-01T12:00:30Z" });
  expect(read(job(FAILED("DeadlineExceeded")), aPod)).toMatchObject({ is: "lost", reason: "RunTimeout" });
});

test("a Job has 30 s for its pod; after that somebody should know", () => {
  const after = (ms: number) => new Date(Date.parse("2026-01-01T12:00:00Z") + ms);
  expect(read(job(), null, after(30_000))).toEqual({ is: "starting", reason: null, message: "", pod: null });
  const late = read(job(), null, after(45_000));
  expect(late).toMatchObject({ is: "starting", reason: "JobPodNotCreated", pod: null });
  expect(late).toHaveProperty("message", expect.stringContaining("2026-01-01T12:00:00Z"));
  expect(read(job(), null, after(90_000))).toEqual(late);
  expect(read(job([], { active: 1 }), null, after(45_000))).toMatchObject({ is: "starting", reason: null });
});

const NO_MKDIR = `failed to generate container "a" spec: failed to apply OCI options: failed to mkdir "": mkdir : no such file or directory`;

test.each([
  [
    "cp that isn't there",
    { copy: exited(128, { reason: "StartError", message: 'exec: "cp": executable file not found in $PATH: unknown' }) },
    ["CopyUnsupported", false, IMAGE],
  ],
  [
    "cp that isn't there, as CRI-O tells it",
    { copy: waiting("CreateContainerError", "executable file `cp` not found in $PATH: No such file or directory") },
    ["CopyUnsupported", false, IMAGE],
  ],
  ["cp that can't be run", { copy: exited(126) }, ["CopyUnsupported", false, IMAGE]],
  [
    "a path that isn't there",
    { copy: exited(1, { message: "cp: can't stat '/app/drizzle/.': No such file or directory" }) },
    ["InvalidSource", false, `out of ${IMAGE}: cp: can't stat '/app/drizzle/.'`],
  ],
  ["cp without a word", { copy: exited(1) }, ["InvalidSource", false, IMAGE]],
  ["cp out of memory", { copy: exited(137, { reason: "OOMKilled" }) }, ["OutOfMemory", true, "memory"]],
  ["cp that was killed", { copy: exited(137) }, ["Killed", true, IMAGE]],
  ["too large a copy", { copy: exited(137), phase: "Failed", reason: "Evicted" }, ["Evicted", true, "evicted"]],
  ["another start that failed", { copy: exited(128, { reason: "StartError" }) }, ["PodNotStarted", true, IMAGE]],
  [
    "containerd before 2.1",
    { runner: waiting("CreateContainerError", NO_MKDIR) },
    ["ImageVolumeUnsupported", true, "InitContainer"],
  ],
  [
    "CRI-O before 1.31",
    { runner: waiting("CreateContainerError", "mount.HostPath is empty") },
    ["ImageVolumeUnsupported", true, "InitContainer"],
  ],
  [
    "cri-dockerd",
    {
      runner: waiting("CreateContainerError", 'invalid mount config for type "bind": field Source must not be empty'),
    },
    ["ImageVolumeUnsupported", true, "InitContainer"],
  ],
  [
    "an image that can't be mounted",
    { runner: waiting("CreateContainerError", "failed to mount image volume: failed to unpack") },
    ["ImageVolumeUnsupported", true, "failed to unpack"],
  ],
] as const)("files that don't leave the image: %s", (_name, parts, [reason, retry, text]) => {
  const outcome = read(job(), pod(parts));
  expect(outcome).toMatchObject({ is: "lost", reason, retry });
  expect(outcome).toHaveProperty("message", expect.stringContaining(text));
});

test("a pod that waits in vain lingers; one whose container has ended doesn't", () => {
  expect(read(job(), pod({ runner: waiting("CreateContainerError", NO_MKDIR) }))).toHaveProperty("lingers", true);
  expect(read(job(), pod({ copy: exited(1) }))).not.toHaveProperty("lingers");
  expect(read(job(), pod({ runner: exited(1) }))).not.toHaveProperty("lingers");
});

const UNSCHEDULED = condition("PodScheduled", "False", {
  reason: "Unschedulable",
  message: "0/3 nodes: Insufficient cpu",
});
const UNPREPARED = (since: string) => [
  condition("PodScheduled", "True", { lastTransitionTime: since }),
  condition("PodReadyToStartContainers", "False"),
];

test.each([
  ["no node", { phase: "Pending", conditions: [UNSCHEDULED] }, "PodNotScheduled", "Insufficient cpu"],
  [
    "the runner's image",
    { runner: waiting("ErrImagePull", 'failed to pull "lockkeeper:1"') },
    "ImagePullFailed",
    "the image lockkeeper:1",
  ],
  [
    "an image volume's image",
    { runner: waiting("ImagePullBackOff", `Back-off pulling image "${IMAGE}"`) },
    "ImagePullFailed",
    `the image ${IMAGE}`,
  ],
  ["the copied image", { copy: waiting("ImagePullBackOff") }, "ImagePullFailed", `the image ${IMAGE}`],
  ["an image's name", { copy: waiting("InvalidImageName") }, "ImagePullFailed", "InvalidImageName"],
  ["an image that must be there", { copy: waiting("ErrImageNeverPull") }, "ImagePullFailed", "ErrImageNeverPull"],
  [
    "a Secret",
    { runner: waiting("CreateContainerConfigError", 'secret "web-db" not found') },
    "PodNotStarted",
    'secret "web-db" not found',
  ],
  [
    "another error",
    { runner: waiting("CreateContainerError", "context deadline exceeded") },
    "PodNotStarted",
    "deadline",
  ],
  [
    "volumes",
    { runner: waiting("ContainerCreating"), conditions: UNPREPARED("2026-01-01T12:00:00Z") },
    "PodNotStarted",
    "kubectl describe pod web-1-x7k2p --namespace shop",
  ],
])("a run that can't start for %s says so, and goes on trying", (_name, parts, reason, text) => {
  const outcome = read(job(), pod(parts));
  expect(outcome).toMatchObject({ is: "starting", reason, pod: "web-1-x7k2p" });
  expect(outcome).toHaveProperty("message", expect.stringContaining(text));
});

test.each([
  ["a pod that nobody has looked at", pod({ phase: "Pending" })],
  ["containers being made", pod({ runner: waiting("ContainerCreating") })],
  ["a copy that runs", pod({ copy: RUNNING, runner: waiting("PodInitializing") })],
  ["a copy that is done", pod({ copy: exited(0), runner: waiting("PodInitializing") })],
  [
    "volumes that are just being mounted",
    pod({ runner: waiting("ContainerCreating"), conditions: UNPREPARED("2026-01-01T12:00:30Z") }),
  ],
])("%s needs no word", (_name, aPod) => {
  expect(read(job(), aPod)).toEqual({ is: "starting", reason: null, message: "", pod: "web-1-x7k2p" });
});

const UNREADY = (more = {}) => [condition("Ready", "False", more), condition("ContainersReady", "True")];

test.each([
  ["the node controller turned Ready off", { conditions: UNREADY() }],
  ["the pod says NodeLost", { reason: "NodeLost" }],
  ["its pod was to be gone long ago", { deletionTimestamp: "2026-01-01T12:00:30Z" }],
])("whether a run has ended can't be told when %s", (_name, parts) => {
  const outcome = read(job(), pod({ runner: RUNNING, ...parts }));
  expect(outcome).toMatchObject({ is: "running", reason: "NodeLost", startedAt: TIMES.startedAt });
  expect(outcome).toHaveProperty("message", expect.stringContaining("node-1"));
  const before = read(job(), pod({ runner: waiting("ContainerCreating"), ...parts }));
  expect(before).toMatchObject({ is: "starting", reason: "NodeLost" });
});

test.each([
  ["is as usual", {}],
  ["has a sidecar that isn't ready", { conditions: [condition("Ready", "False", { reason: "ContainersNotReady" })] }],
  ["waits for a readiness gate", { conditions: UNREADY({ reason: "ReadinessGatesNotReady" }) }],
  ["is within its grace", { deletionTimestamp: "2026-01-01T12:01:20Z" }],
])("a run goes on while its pod %s", (_name, parts) => {
  expect(read(job(), pod({ runner: RUNNING, ...parts }))).toEqual({
    is: "running",
    pod: "web-1-x7k2p",
    startedAt: TIMES.startedAt,
    reason: null,
    message: "",
  });
});

test("what the cluster says is one line of at most 512 characters, without passwords", () => {
  const text = `a\nb postgres://app:canary-canary@db/shop \u001b[31m${"x".repeat(2_000)}`;
  for (const aPod of [
    pod({ runner: waiting("CreateContainerConfigError", text) }),
    pod({ phase: "Failed", reason: "Evicted", message: text }),
    pod({ copy: exited(1, { message: text }) }),
    pod({ runner: exited(128, { reason: "StartError", message: text }) }),
  ]) {
    const outcome = read(job(), aPod);
    const said = "message" in outcome ? outcome.message : "";
    expect(said).toContain("a b postgres://app:[redacted]@db/shop");
    expect(said.length).toBeLessThanOrEqual(512);
    expect(said).not.toMatch(/canary|[\n\u001b]/);
  }
});

test("a time that Kubernetes doesn't know is none", () => {
  const unknown = exited(137, { startedAt: "1970-01-01T00:00:00Z", finishedAt: "1970-01-01T00:00:00Z" });
  expect(read(job(), pod({ runner: unknown }))).toMatchObject({
    startedAt: "2026-01-01T12:00:01Z",
    finishedAt: NOW.toISOString(),
  });
});
