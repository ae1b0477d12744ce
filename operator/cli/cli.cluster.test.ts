/**
 * The plugin on a real API server: with the real operator, whose runs a played kubelet ends as each test says, and with statuses
 * that the test writes itself where the operator doesn't watch. Each command runs under an account with the rights that
 * docs/kubectl.md names, and no others.
 */
import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { API_VERSION, GATE, KIND } from "../../contract/resource/names.ts";
import type { Status } from "../../contract/resource/status.ts";
import { ownKubectl } from "../../test/cluster/kubectl.ts";
import { create, newNamespace, openStage, spec, startHere, wayTo } from "../../test/operator/faults/stage.ts";
import type { Stage } from "../../test/operator/faults/stage.ts";
import { FAILURE, LOCK_TIMEOUT, SUCCESS } from "../../test/operator/faults/playbook.ts";
import type { Play } from "../../test/operator/faults/playbook.ts";
import { person } from "../../test/operator/people.ts";
import { startApiProxy } from "../../test/operator/proxy.ts";
import type { ApiProxy } from "../../test/operator/proxy.ts";
import { MIGRATIONS, PODS } from "../api/kinds.ts";
import { pathOf } from "../api/path.ts";
import type { KubernetesObject } from "../kubernetes/objects.ts";
import { COMMANDS } from "./commands.ts";
import { call } from "./host.fixture.ts";
import type { Called, CallOptions } from "./host.fixture.ts";
import { RIGHTS } from "./rights.ts";

/** The operator watches this one. */
const RUN = "cli-run";
/** And nobody this one: what stands in a status there, the test wrote. */
const STILL = "cli-still";
const SOON = { timeout: 30_000, interval: 50 };

const stack = new AsyncDisposableStack();
let stage: Stage;
let way: ApiProxy;
const kubeconfigs = new Map<string, string>();

beforeAll(async () => {
  stage = stack.use(await openStage());
  for (const namespace of [RUN, STILL]) {
    await newNamespace(stage, namespace);
    for (const { name } of COMMANDS) {
      const one = stack.use(await person(stage.cluster, namespace, `may-${name}`, RIGHTS[name]));
      kubeconfigs.set(`${namespace} ${name}`, one.kubeconfig);
    }
  }
  way = stack.use(await wayTo(stage));
  stack.use(await startHere(stage, { way, watch: [RUN] }));
});
afterAll(async () => await stack.disposeAsync());

/** Under the account that may do this command in that namespace. */
function run(namespace: string, line: string | string[], options: CallOptions = {}): Called {
  const words = typeof line === "string" ? line.split(" ") : line;
  return call(words, { kubeconfig: kubeconfigs.get(`${namespace} ${words[0] ?? ""}`) ?? "", ...options });
}

const yaml = (name: string, changes: Record<string, unknown> = {}): string =>
  JSON.stringify({ apiVersion: API_VERSION, kind: KIND, metadata: { name }, spec: spec(changes) });
const image = (ref: string) => ({ source: { image: { ref }, path: "/app/drizzle" } });

async function apply(
  name: string,
  plays: Play[],
  changes: Record<string, unknown> = {},
): Promise<[number, string, string]> {
  const key = `${RUN}/${name}`;
  stage.kubelet.plays.set(key, [...(stage.kubelet.plays.get(key) ?? []), ...plays]);
  const called = run(RUN, "apply -f - --wait --timeout 60s", { stdin: yaml(name, changes) });
  return [await called.ended, called.out(), called.err()];
}

describe.concurrent("apply --wait", () => {
  it("ends when the release is applied, and tells it", async ({ expect }) => {
    const [code, out, err] = await apply("web", [SUCCESS]);
    expect({ code, err }).toMatchObject({ code: EXIT.done });
    expect(out).toBe("databasemigration/web: Applied: 0002_b; 1 applied in 12 ms\n");
  });

  it("fails with the reason and the SQL error; the same again is another try", async ({ expect }) => {
    const [code, , err] = await apply("broken", [FAILURE, SUCCESS]);
    expect(code).toBe(EXIT.failedMigration);
    expect(err).toContain('MigrationFailed: databasemigration/broken: column "sets" does not exist');
    expect(err).toContain('error: 42703 in 0002_b: column "sets" does not exist');
    expect(err).toMatch(/run: \S+, Job broken-\S+, attempt 1/);
    const [again, out, told] = await apply("broken", []);
    expect({ again, told }).toMatchObject({ again: EXIT.done });
    expect(told).toContain("it is tried again now");
    expect(out).toContain("0002_b; 1 applied");
  });

  it("of a new image doesn't take the old one's outcome", async ({ expect }) => {
    expect((await apply("next", [SUCCESS, FAILURE]))[0]).toBe(EXIT.done);
    expect((await apply("next", [], image("web:2")))[0]).toBe(EXIT.failedMigration);
  });

  it("keeps waiting while it is tried again, and names who blocked when it is given up", async ({ expect }) => {
    const blocker = {
      ...{ pid: 812, user: "web", application: "web", state: "idle in transaction", transactionAge: "4m" },
      ...{ relation: "public.sets", mode: "AccessShareLock", preparedTransaction: null },
    };
    const locked: Play = { report: { ...LOCK_TIMEOUT.report, blockers: [blocker] } };
    const [code, , err] = await apply("locked", [locked], { retry: { limit: 1, backoff: "200ms" } });
    expect(code).toBe(EXIT.lockTimeout);
    expect(err).toMatch(/Z LockTimeout: .*tried again after 200 ms/);
    expect(err).toContain("blocked by: pid 812 (web, idle in transaction for 4m), AccessShareLock on public.sets");
    expect(err).toContain("select pg_terminate_backend(812)");
    expect(err).toContain(`kubectl lockkeeper retry locked -n ${RUN}`);
  });

  it("between two tries doesn't wait for the next one, but has it now", async ({ expect }) => {
    const patient = { retry: { limit: 5, backoff: "1h", max: "1h" } };
    stage.kubelet.plays.set(`${RUN}/patient`, [LOCK_TIMEOUT, SUCCESS]);
    const first = run(RUN, "apply -f - --wait", { stdin: yaml("patient", patient) });
    await expect.poll(first.err, SOON).toContain("tried again after 1h");
    first.interrupt();
    expect(await first.ended).toBe(EXIT.cancelled);
    const [code, , err] = await apply("patient", [], patient);
    expect({ code, err }).toMatchObject({ code: EXIT.done });
    expect(err).toContain("it is tried again now");
  });

  it("of a suspended spec fails at once: nothing would happen", async ({ expect }) => {
    const [code, , err] = await apply("held", [], { suspend: true });
    expect(code).toBe(EXIT.invalidInput);
    expect(err).toContain("Suspended: databasemigration/held");
  });

  it("tells what the API server has against a spec, and a field that isn't there", async ({ expect }) => {
    const wrong = run(RUN, "apply -f -", { stdin: yaml("wrong", { historyLimit: 1_000, retri: {} }) });
    expect(await wrong.ended).toBe(EXIT.invalidInput);
    expect(wrong.err()).toContain(".spec.retri: field not declared in schema");
    const large = run(RUN, "apply -f -", { stdin: yaml("wrong", { historyLimit: 1_000 }) });
    expect(await large.ended).toBe(EXIT.invalidInput);
    expect(large.err()).toContain("spec.historyLimit");
  });

  it("takes over what somebody else has set only when it is told to", async ({ expect }) => {
    await create(stage, { namespace: STILL, name: "theirs" });
    const stdin = yaml("theirs", { historyLimit: 5 });
    await stage.cluster.kubectl(
      "-n",
      STILL,
      "patch",
      "dbm",
      "theirs",
      "--type=merge",
      "-p",
      '{"spec":{"historyLimit":7}}',
    );
    const refused = run(STILL, "apply -f -", { stdin });
    expect(await refused.ended).toBe(EXIT.invalidInput);
    expect(refused.err()).toMatch(/conflict[^]*spec\.historyLimit[^]*--force-conflicts/);
    const forced = run(STILL, "apply -f - --force-conflicts", { stdin });
    expect({ code: await forced.ended, err: forced.err() }).toMatchObject({ code: EXIT.done });
  });

  it("without a right names it", async ({ expect }) => {
    const kubeconfig = kubeconfigs.get(`${RUN} wait`) ?? "";
    const called = run(RUN, "apply -f -", { stdin: yaml("web"), kubeconfig });
    expect(await called.ended).toBe(EXIT.invalidInput);
    expect(called.err()).toContain("not allowed");
    expect(called.err()).toContain(
      `the right to create and patch databasemigrations.lockkeeper.dev in the namespace ${RUN}`,
    );
    const elsewhere = run(RUN, "wait web -n default");
    expect(await elsewhere.ended).toBe(EXIT.invalidInput);
    expect(elsewhere.err()).toContain("the right to get databasemigrations.lockkeeper.dev in the namespace default");
  });
});

type Said = [is: "ready" | "progressing" | "stalled" | "held", reason: string, message: string];

/** Writes what an operator would say. */
async function says(name: string, [is, reason, message]: Said, more: Partial<Status> = {}): Promise<void> {
  const generation = await generationOf(name);
  const condition = (type: string, status: string) => ({
    ...{ type, status, reason, message, observedGeneration: generation, lastTransitionTime: "2026-01-01T00:00:00Z" },
  });
  const also = is === "progressing" ? ["Reconciling"] : is === "stalled" ? ["Stalled"] : [];
  const conditions = [
    condition("Ready", is === "ready" ? "True" : "False"),
    ...also.map((type) => condition(type, "True")),
  ];
  await stage.api.request("PATCH", pathOf(MIGRATIONS, STILL, name, "status"), {
    patch: "merge",
    body: { status: { observedGeneration: generation, epoch: 1, conditions, ...more } },
  });
}

async function generationOf(name: string): Promise<number> {
  const { metadata } = await stage.api.request<KubernetesObject>("GET", pathOf(MIGRATIONS, STILL, name));
  return metadata.generation ?? 0;
}

const still = async (name: string, changes: Record<string, unknown> = {}): Promise<void> =>
  void (await create(stage, { namespace: STILL, name }, changes));

describe.concurrent("wait", () => {
  it("tells each change once, with its time, until it is done", async ({ expect }) => {
    await still("told");
    await says("told", ["progressing", "Running", "1 of 2: 0001_a"]);
    const called = run(STILL, "wait databasemigration/told --timeout 60s");
    await expect.poll(called.err, SOON).toMatch(/^\S+Z Running: 1 of 2: 0001_a\n$/);
    for (const seconds of [4, 5]) {
      const waits = `waiting ${seconds} s for public.sets, blocked by pid 812 (web, idle in transaction for 4m)`;
      await says("told", ["progressing", "WaitingForLock", `2 of 2: 0002_b; ${waits}`]);
      await expect.poll(called.err, SOON).toContain("waiting 4 s");
    }
    await says("told", ["ready", "Applied", "0002_b; 2 applied in 412 ms"]);
    expect(await called.ended).toBe(EXIT.done);
    expect(called.out()).toBe("databasemigration/told: Applied: 0002_b; 2 applied in 412 ms\n");
    expect(called.err().match(/\n/g)).toHaveLength(2);
  });

  it("on a terminal overwrites one line, and lets no resource move the cursor", async ({ expect }) => {
    await still("live");
    await says("live", ["progressing", "Running", "1 of 2: \u001B[2Jevil\u202E"]);
    const called = run(STILL, "wait dbm/live", { terminal: true });
    await expect.poll(called.err, SOON).toContain("Running: 1 of 2: evil");
    await says("live", ["ready", "Applied", "\u001B]0;title\u0007done"]);
    expect(await called.ended).toBe(EXIT.done);
    expect(called.err().replaceAll("\r\u001B[2K", "")).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E]/);
    expect(called.out()).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/);
  });

  it("needs no more than the rights on the one resource", async ({ expect }) => {
    await still("only");
    await says("only", ["ready", "Applied", "0002_b"]);
    const rules = RIGHTS.wait.map((right) => ({ ...right, resourceNames: ["only"] }));
    await using one = await person(stage.cluster, STILL, "may-wait-for-one", rules);
    expect(await run(STILL, "wait only --timeout 20s", { kubeconfig: one.kubeconfig }).ended).toBe(EXIT.done);
    expect(await run(STILL, "wait told --timeout 20s", { kubeconfig: one.kubeconfig }).ended).toBe(EXIT.invalidInput);
  });

  it("says that it is suspended and goes on waiting, until the time is over", async ({ expect }) => {
    await still("held");
    await says("held", ["held", "Suspended", "spec.suspend is true"]);
    const called = run(STILL, "wait held --timeout 2s");
    expect(await called.ended).toBe(EXIT.cancelled);
    expect(called.err()).toContain("Suspended: spec.suspend is true");
    expect(called.err()).toContain("databasemigration/held isn't there after 2 s; last: Suspended");
  });

  it("says after a while that nobody works on it, and how to look", async ({ expect }) => {
    await still("alone");
    const called = run(STILL, "wait alone --timeout 14s");
    expect(await called.ended).toBe(EXIT.cancelled);
    expect(called.err()).toContain("nobody seems to work on it");
    expect(called.err()).toContain("kubectl get deployments --all-namespaces");
  });

  it("ends when the resource is deleted, isn't there, or the person stops it", async ({ expect }) => {
    await still("going");
    const called = run(STILL, "wait going");
    await expect.poll(called.err, SOON).toContain("hasn't looked at generation 1");
    await stage.cluster.kubectl("-n", STILL, "delete", "dbm", "going");
    expect(await called.ended).toBe(EXIT.cancelled);
    expect(called.err()).toContain("was deleted while it was waited for");
    const missing = run(STILL, "wait going");
    expect(await missing.ended).toBe(EXIT.invalidInput);
    expect(missing.err()).toContain(`there is no DatabaseMigration going in the namespace ${STILL}`);
    await still("stopped");
    const stopped = run(STILL, "wait stopped");
    await expect.poll(stopped.err, SOON).toContain("hasn't looked");
    stopped.interrupt();
    expect(await stopped.ended).toBe(EXIT.cancelled);
    expect(stopped.err()).toContain("stopped");
  });

  it("goes on when the connection breaks, and sees what happened meanwhile", async ({ expect }) => {
    await still("cut");
    await using proxy = await startApiProxy({ kubeconfig: kubeconfigs.get(`${STILL} wait`) ?? "" });
    const called = run(STILL, `wait cut --timeout 60s -n ${STILL}`, { kubeconfig: proxy.kubeconfig });
    await expect.poll(called.err, SOON).toContain("hasn't looked");
    // A watch that isn't answered yet is asked for again without a word.
    const cut = (): string => {
      proxy.cut(({ watch }) => watch);
      return called.err();
    };
    await expect.poll(cut, SOON).toContain("the connection to the API server was lost (broken)");
    await says("cut", ["ready", "Applied", "0002_b"]);
    expect(await called.ended).toBe(EXIT.done);
  });

  it("for an image waits until the Deployment's newest template was seen, and is that image's barrier", async ({
    expect,
  }) => {
    await still("follows", { source: { workload: { name: "follows" }, path: "/app/drizzle" } });
    const template = (ref: string) => ({ containers: [{ name: "web", image: ref }] });
    await stage.cluster.apply(deploymentOf("follows", template("web:1")));
    const source = (ref: string, workloadGeneration: number) => ({
      image: ref,
      available: 2,
      digest: "",
      workloadGeneration,
    });
    await says("follows", ["ready", "Applied", "0001_a"], { source: source("web:1", 1) });
    await stage.cluster.apply(deploymentOf("follows", template("web:2")));
    // Both are asked after the change, and the status is still that of before.
    const ready = run(STILL, "wait follows --timeout 60s");
    const release = run(STILL, "wait follows --for-image web:2 --timeout 60s");
    const other = run(STILL, "wait follows --for-image web:3 --timeout 5s");
    for (const { err } of [ready, release, other]) {
      await expect.poll(err, SOON).toContain("hasn't looked at generation 2 of the Deployment follows");
    }
    await says("follows", ["progressing", "Running", "2 of 2: 0002_b"], { source: source("web:2", 2) });
    await expect.poll(release.err, SOON).toContain("Running: 2 of 2: 0002_b");
    await says("follows", ["ready", "Applied", "0002_b"], { source: source("web:2", 2) });
    expect(await Promise.all([ready.ended, release.ended])).toEqual([EXIT.done, EXIT.done]);
    expect(await other.ended).toBe(EXIT.cancelled);
    expect(other.err()).toContain("web:3 isn't wanted yet: the image is web:2");
  });
});

const deploymentOf = (name: string, podSpec: Record<string, unknown>) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace: STILL },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: podSpec },
  },
});

describe.concurrent("status", () => {
  it("is a table of all, everything about one, or JSON", async ({ expect }) => {
    await still("shown");
    await says("shown", ["ready", "Applied", "0002_b; 2 applied"], {
      schema: { version: "0002_b", applied: 2, pending: 0, pendingNames: [], observedAt: "2026-01-01T00:00:00Z" },
    });
    const all = run(STILL, "status");
    expect({ code: await all.ended, err: all.err() }).toEqual({ code: EXIT.done, err: "" });
    expect(all.out()).toMatch(/^NAME +READY +REASON/);
    expect(all.out()).toMatch(/^shown +True +Applied +0002_b +0 /m);
    const one = run(STILL, "status dbm/shown");
    expect(await one.ended).toBe(EXIT.done);
    expect(one.out()).toMatch(/Ready +True +Applied +0002_b; 2 applied/);
    const json = run(STILL, "status shown --json");
    expect(await json.ended).toBe(EXIT.done);
    expect(JSON.parse(json.out())).toMatchObject({ name: "shown", status: { epoch: 1 }, gatedPods: [] });
    const everywhere = run(STILL, "status -A", { kubeconfig: stage.cluster.kubeconfig });
    expect(await everywhere.ended).toBe(EXIT.done);
    expect(everywhere.out()).toMatch(new RegExp(`^${STILL} +shown +True`, "m"));
    const refused = run(STILL, "status -A");
    expect(await refused.ended).toBe(EXIT.invalidInput);
    expect(refused.err()).toContain("the right to list databasemigrations.lockkeeper.dev in all namespaces");
  });
});

describe.concurrent("retry", () => {
  it("with --wait ends by what the next try comes to", async ({ expect }) => {
    const name = "again";
    const key = `${RUN}/${name}`;
    stage.kubelet.plays.set(key, [FAILURE, FAILURE, SUCCESS]);
    expect((await apply(name, []))[0]).toBe(EXIT.failedMigration);
    for (const expected of [EXIT.failedMigration, EXIT.done]) {
      const called = run(RUN, `retry ${name} --wait --timeout 60s`);
      expect(await called.ended, called.err()).toBe(expected);
    }
  });
});

describe.concurrent("open", () => {
  const gates = [{ name: "example.com/other" }, { name: GATE }];

  async function gatedPod(name: string, owner?: { name: string; uid: string }): Promise<void> {
    const ownerReferences = owner && [{ apiVersion: "apps/v1", kind: "ReplicaSet", controller: true, ...owner }];
    const metadata = { name, annotations: { [GATE]: "gone" }, ...(owner === undefined ? {} : { ownerReferences }) };
    const container = { name: "web", image: "web:1" };
    const body = {
      metadata,
      spec: { schedulingGates: gates, containers: [container], automountServiceAccountToken: false },
    };
    await stage.api.request("POST", pathOf(PODS, STILL), { body });
  }
  type Pod = { spec: { schedulingGates?: { name: string }[] } };
  const gatesOf = async (name: string) =>
    (await stage.api.request<Pod>("GET", pathOf(PODS, STILL, name))).spec.schedulingGates ?? [];

  it("tells what would start, and does nothing without --yes; with it takes our gate alone, and an event tells who", async ({
    expect,
  }) => {
    await stage.cluster.kubectl("create", "serviceaccount", "default", "-n", STILL);
    await stage.cluster.apply(deploymentOf("gated", { containers: [{ name: "web", image: "web:1" }] }));
    const uidOf = async (kind: string, name: string) =>
      await stage.cluster.kubectl("-n", STILL, "get", kind, name, "-o", "jsonpath={.metadata.uid}");
    const ownerReferences = [
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        name: "gated",
        uid: await uidOf("deployment", "gated"),
        controller: true,
      },
    ];
    const replicaSet = deploymentOf("gated", { containers: [{ name: "web", image: "web:1" }] });
    const annotations = { "deployment.kubernetes.io/revision": "4" };
    await stage.cluster.apply({
      ...replicaSet,
      kind: "ReplicaSet",
      metadata: { name: "gated-1", namespace: STILL, ownerReferences, annotations },
    });
    await gatedPod("gated-1-a", { name: "gated-1", uid: await uidOf("replicaset", "gated-1") });
    await gatedPod("of-nobody");
    const shown = run(STILL, "open deployment/gated");
    expect(await shown.ended).toBe(EXIT.invalidInput);
    expect(shown.out()).toBe(
      `pod/gated-1-a: web:1, revision 4\n  waits for databasemigration/gone: there is no DatabaseMigration gone in the namespace ${STILL}\n`,
    );
    expect(shown.err()).toContain("nobody has proved that the schema is there");
    expect(shown.err()).toContain(`kubectl patch pod gated-1-a -n ${STILL} --patch '{"spec":`);
    expect(await gatesOf("gated-1-a")).toEqual(gates);

    const opened = run(STILL, "open deployment/gated --yes");
    expect({ code: await opened.ended, err: opened.err() }).toEqual({ code: EXIT.done, err: "" });
    expect(await gatesOf("gated-1-a")).toEqual([{ name: "example.com/other" }]);
    expect(await gatesOf("of-nobody")).toEqual(gates);
    const notes = await stage.cluster.kubectl(
      "-n",
      STILL,
      "get",
      "events.events.k8s.io",
      "-o",
      "jsonpath={.items[*].note}",
    );
    expect(notes).toContain(`opened by hand by system:serviceaccount:${STILL}:may-open`);

    const again = run(STILL, "open pod/gated-1-a --yes");
    expect(await again.ended).toBe(EXIT.done);
    expect(again.out()).toContain("no pod of it waits at the gate");
  });

  it("opens a pod that somebody changes meanwhile", async ({ expect }) => {
    await gatedPod("changing");
    await using proxy = await startApiProxy({ kubeconfig: kubeconfigs.get(`${STILL} open`) ?? "" });
    let changes = 0;
    proxy.rule(({ method }) => {
      if (method !== "PATCH" || changes++ > 1) return null;
      return { status: 409, body: { kind: "Status", status: "Failure", reason: "Conflict", code: 409 } };
    });
    const called = run(STILL, `open pod/changing --yes -n ${STILL}`, { kubeconfig: proxy.kubeconfig });
    expect(await called.ended, called.err()).toBe(EXIT.done);
    expect(await gatesOf("changing")).toEqual([{ name: "example.com/other" }]);
    expect(changes).toBe(3);
  });
});

describe("kubectl", () => {
  it("finds the plugin on the PATH, and hands its arguments and its exit code on", async ({ expect }) => {
    const [program = "", ...first] = await ownKubectl();
    const env = {
      PATH: `${dirname(stage.program)}:${dirname(process.execPath)}`,
      KUBECONFIG: stage.cluster.kubeconfig,
    };
    const kubectl = async (...args: string[]) =>
      await promisify(execFile)(program, [...first, "lockkeeper", ...args], { env }).catch((error: unknown) => error);
    const listed = (await kubectl("status", "-A")) as { stdout: string };
    expect(listed.stdout).toMatch(/^NAMESPACE +NAME +READY/);
    const waited = await kubectl("wait", "dbm/nothing", "-n", STILL);
    expect(waited).toMatchObject({
      code: EXIT.invalidInput,
      stderr: expect.stringContaining("there is no DatabaseMigration"),
    });
    expect(await kubectl("job", "nothing", "--", "migrate")).toMatchObject({
      code: EXIT.invalidInput,
      stderr: expect.stringContaining("migrating is the operator's"),
    });
  });
});
