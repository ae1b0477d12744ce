import { expect, test } from "vitest";
import { LABEL, MANAGED_BY, RUN_ANNOTATION } from "../../contract/resource/names.ts";
import { jobSpec } from "./job-spec.ts";
import { migration, order, RUNNER } from "./order-fixture.ts";

const job = (changes: Parameters<typeof order>[0] = {}) => jobSpec(order(changes), RUNNER);

test("a run has one pod, one try, and no second pod beside it", () => {
  expect(job().spec).toMatchObject({ completions: 1, parallelism: 1, backoffLimit: 0, podReplacementPolicy: "Failed" });
  expect(job().spec).not.toHaveProperty("podFailurePolicy");
  expect(job().spec.template.spec.restartPolicy).toBe("Never");
});

test("the resource owns its Job, and its deletion isn't held up by it", () => {
  const { metadata } = job();
  expect(metadata).toMatchObject({ name: "web-5f0c1d92ab-1", namespace: "shop" });
  expect(metadata.ownerReferences).toEqual([
    {
      apiVersion: "lockkeeper.dev/v1alpha1",
      kind: "DatabaseMigration",
      name: "web",
      uid: migration().metadata.uid,
      controller: true,
    },
  ]);
});

test("the Job says what it was started for", () => {
  expect(job().metadata.annotations).toMatchObject({
    [RUN_ANNOTATION.key]: "5f0c",
    [RUN_ANNOTATION.epoch]: "2",
    [RUN_ANNOTATION.attempt]: "1",
    [RUN_ANNOTATION.runId]: "0193a0b0-0000-7000-8000-000000000000",
    [RUN_ANNOTATION.command]: "migrate",
    [RUN_ANNOTATION.source]: "ghcr.io/acme/web:1.4.2",
  });
  const { annotations } = job({ source: { from: "configMap", name: "web-sql" }, command: "status" }).metadata;
  expect(annotations).toMatchObject({ [RUN_ANNOTATION.source]: "web-sql", [RUN_ANNOTATION.command]: "status" });
});

test.each([
  ["30m", "migrate", 3_600 + 1_800 + 60],
  ["1500ms", "migrate", 3_600 + 2 + 60],
  ["0s", "migrate", undefined],
  ["0s", "status", 3_600 + 600 + 60],
] as const)("with timeouts.run %s the deadline of %s comes long after the runner's own", (run, command, deadline) => {
  expect(job({ command, spec: { timeouts: { run } } }).spec.activeDeadlineSeconds).toBe(deadline);
});

test.each([
  ["24h", 86_400],
  ["90s", 90],
  ["0s", 60],
])("a finished Job is kept for job.ttl %s, but long enough to be looked at", (ttl, expected) => {
  expect(job({ spec: { job: { ttl } } }).spec.ttlSecondsAfterFinished).toBe(expected);
});

test("more labels and annotations are on Job and pod; ours and the Job controller's can't be changed by them", () => {
  const labels = {
    team: "shop",
    [LABEL.managedBy]: "helm",
    [LABEL.instance]: "other",
    "job-name": "other",
    "batch.kubernetes.io/job-name": "other",
  };
  const annotations = { note: "x", [RUN_ANNOTATION.key]: "forged", "lockkeeper.dev/migration": "web" };
  const { metadata, spec } = job({ spec: { job: { labels, annotations } } });
  const ours = {
    [LABEL.name]: "lockkeeper-run",
    [LABEL.instance]: "web",
    [LABEL.component]: "migration",
    [LABEL.managedBy]: MANAGED_BY,
  };
  expect(metadata.labels).toEqual({ team: "shop", ...ours });
  expect(spec.template.metadata.labels).toEqual({ team: "shop", ...ours });
  expect(metadata.annotations).toMatchObject({ note: "x", [RUN_ANNOTATION.key]: "5f0c" });
  expect(spec.template.metadata.annotations).toMatchObject({ note: "x" });
  expect(Object.keys(spec.template.metadata.annotations).join()).not.toContain("lockkeeper.dev/");
});

test("injectors leave the pod alone, unless the resource asks for one", () => {
  const quiet = { "sidecar.istio.io/inject": "false", "linkerd.io/inject": "disabled" };
  expect(job().spec.template.metadata.annotations).toMatchObject(quiet);
  const asked = job({ spec: { job: { annotations: { "linkerd.io/inject": "enabled" } } } });
  expect(asked.spec.template.metadata.annotations).toMatchObject({ ...quiet, "linkerd.io/inject": "enabled" });
});

test("a run isn't moved to save a node", () => {
  expect(job().spec.template.metadata.annotations).toMatchObject({
    "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    "karpenter.sh/do-not-disrupt": "true",
  });
});

test("the same order makes the same Job", () => {
  expect(JSON.stringify(job())).toBe(JSON.stringify(job()));
});
