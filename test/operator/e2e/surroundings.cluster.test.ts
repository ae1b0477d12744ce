/** What stands around a run: quotas, policies, sidecars, and another resource on the same database. */
import { inject, it } from "vitest";
import { PLURAL } from "../../../contract/resource/names.ts";
import { sceneOf } from "./scene.ts";
import { injectSidecar } from "./sidecar.ts";
import { openStage } from "./stage.ts";
import { tables } from "./workload.ts";

const NO_JOBS = "no Jobs on Fridays";
const scene = sceneOf({
  namespace: "e2e-surroundings",
  forbidden: new RegExp(`being terminated|exceeded quota|${NO_JOBS}`),
});

const FILES = { "0001_a.sql": "create table a (id int);" };

it("says that a quota leaves no room for its pod, in the quota's words, and goes on when it does", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  await stage.apply({
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name: "none" },
    spec: { hard: { pods: "0" } },
  });
  await stage.files("web", FILES);
  const dbm = await stage.migrate("web");
  expect(await dbm.saw("Reconciling", { reason: "JobPodNotCreated" })).toContain("exceeded quota: none");
  await stage.kubectl("delete", "resourcequota", "none");
  await dbm.settled("Applied", 120_000);
  expect(dbm.runs()).toHaveLength(1);
});

it("says that a policy refuses its Job, in the policy's words, and goes on when it doesn't", async ({ expect }) => {
  await using stage = await openStage(scene());
  const { cluster } = scene();
  const name = `refuses-${stage.namespace}`;
  const policy = { apiVersion: "admissionregistration.k8s.io/v1", metadata: { name } };
  const rule = { apiGroups: ["batch"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["jobs"] };
  const matchResources = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": stage.namespace } } };
  const kind = "ValidatingAdmissionPolicy";
  const validations = [{ expression: "false", message: NO_JOBS, reason: "Forbidden" }];
  await cluster.apply(
    { ...policy, kind, spec: { matchConstraints: { resourceRules: [rule] }, validations } },
    { ...policy, kind: `${kind}Binding`, spec: { policyName: name, validationActions: ["Deny"], matchResources } },
  );
  await using _policy = {
    async [Symbol.asyncDispose]() {
      await cluster.kubectl("delete", `${kind},${kind}Binding`, name, "--ignore-not-found");
    },
  };
  const probe = ["create", "job", "probe", "--image=none", "--dry-run=server"];
  const holds = async (): Promise<boolean> =>
    await stage.kubectl(...probe).then(
      () => false,
      () => true,
    );
  await expect.poll(holds, { timeout: 20_000 }).toBe(true);
  await stage.files("web", FILES);
  const dbm = await stage.migrate("web");
  expect(await dbm.saw("Reconciling", { reason: "JobNotCreated" })).toContain(NO_JOBS);
  await cluster.kubectl("delete", `${kind},${kind}Binding`, name);
  await dbm.settled("Applied", 120_000);
});

it("ends with its runner, whatever a sidecar does", async ({ expect }) => {
  await using stage = await openStage(scene());
  await using _sidecar = await injectSidecar(stage, inject("image"), inject("hostAddress"));
  await stage.files("web", FILES);
  const dbm = await stage.migrate("web");
  expect(await dbm.settled("Applied")).toMatch(/^0001_a; 1 applied/);
  const pods = scene().recorder.pods.filter(({ object }) => object.metadata.namespace === stage.namespace);
  expect(JSON.stringify(pods)).toContain('"mesh"');
  await stage.kubectl("wait", "--for=delete", "pods", "--all", "--timeout=60s");
});

it("says that another resource works on the same database, and nothing is applied twice", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.files("web", { "0001_a.sql": "select pg_sleep(1); create table a (id int);" });
  const source = { configMap: { name: "web" } };
  const [first, second] = await Promise.all([stage.migrate("first", { source }), stage.migrate("second", { source })]);
  await Promise.all([first.settled("Applied"), second.settled("Applied")]);
  expect(await first.saw("SharedDatabase", { status: "True" })).toContain("second");
  expect(await second.saw("SharedDatabase", { status: "True" })).toContain("first");
  expect([...first.runs(), ...second.runs()].map(({ status }) => status).toSorted()).toEqual(["SKIPPED", "SUCCESS"]);
  expect(await tables(stage.db)).toEqual(["a"]);
  await stage.kubectl("delete", PLURAL, "second");
  await expect.poll(() => first.condition("SharedDatabase"), { timeout: 20_000 }).toBeUndefined();
});
