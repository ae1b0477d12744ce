/** The kubectl plugin with real runs: what it streams, what it runs in the cluster, and pods that it opens. */
import { inject, it } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { call } from "../../../operator/cli/host.fixture.ts";
import type { Called } from "../../../operator/cli/host.fixture.ts";
import { RIGHTS } from "../../../operator/cli/rights.ts";
import { podOf, runJob } from "../../cluster/job.ts";
import { person } from "../people.ts";
import { sceneOf } from "./scene.ts";
import { SERVED_PATH, servedImage } from "./sources.ts";
import { openStage } from "./stage.ts";
import type { Stage } from "./stage.ts";
import { tables, workload } from "./workload.ts";

const scene = sceneOf({ namespace: "e2e-kubectl" });
const SOON = { timeout: 60_000, interval: 100 };

/** As a person with the rights that docs/kubectl.md names. */
async function as(stage: Stage, command: keyof typeof RIGHTS) {
  const who = await person(stage.scene.cluster, stage.namespace, `may-${command}`, RIGHTS[command]);
  return {
    run: (line: string): Called => call(`${command} ${line}`, { kubeconfig: who.kubeconfig }),
    [Symbol.asyncDispose]: async () => await who[Symbol.asyncDispose](),
  };
}

it("wait streams how far a run is and who blocks it, until it is applied", async ({ expect }) => {
  await using stage = await openStage(scene());
  await using waiter = await as(stage, "wait");
  const web = await stage.reader("workouts");
  await stage.files("m", {
    "0001_a.sql": "create table a (id int);",
    "0002_mood.sql": "alter table workouts add mood text;",
  });
  await stage.migrate("m", { lock: { timeout: "60s" } });
  const called = waiter.run("databasemigration/m --timeout 2m");
  const waits =
    /Z WaitingForLock: 2 of 2: 0002_mood; waiting \d+ s for public\.workouts, blocked by pid \d+ \(web, idle in transaction/;
  await expect.poll(called.err, SOON).toMatch(waits);
  await web.end();
  expect(await called.ended, called.err()).toBe(EXIT.done);
  expect(called.out()).toMatch(/^databasemigration\/m: Applied: 0002_mood; 2 applied in /);
});

it("from a pod, with its service account, it fails with the SQL error and the runner's exit code", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  await stage.files("m", { "0001_a.sql": "create tabel a (id int);" });
  await stage.migrate("m");
  await using _waiter = await as(stage, "wait");
  const { namespace } = stage;
  const command = ["/nodejs/bin/node", "/app/kubectl-lockkeeper.cjs", "wait", "m", "--timeout=2m"];
  const pod = { serviceAccountName: "may-wait", automountServiceAccountToken: true };
  const user = {
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
  };
  const container = { image: inject("image"), command };
  const script = { namespace, name: "hook", container, pod: { ...pod, ...user } };
  const { succeeded, log } = await runJob(stage.scene.cluster, script);
  expect({ succeeded, log }).toMatchObject({ succeeded: false });
  expect(log).toMatch(/MigrationFailed: databasemigration\/m: .*tabel/);
  expect(log).toMatch(/error: 42601 in 0001_a/);
});

it("job runs the runner with the resource's settings, prints what it says, and leaves nothing", async ({ expect }) => {
  await using stage = await openStage(scene());
  await using runner = await as(stage, "job");
  const { namespace } = stage;
  const web = await stage.migrate("web", { source: { workload: { name: "web" }, path: SERVED_PATH, format: "Sql" } });
  await stage.apply(workload("web", servedImage("one")));
  await web.settled("Applied");
  await web.change({ suspend: true });
  await stage.kubectl("set", "image", "deployment/web", `web=${servedImage("two")}`);

  const plan = runner.run("web -- plan");
  const unlock = runner.run("web -- unlock");
  const down = runner.run("web -- down --to 0 --yes");
  const baseline = runner.run("web -- baseline 0002_b");
  const status = runner.run("web -- status --json");
  expect(await plan.ended, plan.err()).toBe(EXIT.done);
  expect(plan.out()).toContain("create table b (id int);");
  expect(plan.out()).not.toContain("create table a");
  expect(await unlock.ended, unlock.err()).toBe(EXIT.done);
  // The image has no file that undoes it.
  expect(await down.ended, down.out()).toBe(EXIT.invalidInput);
  expect(down.out()).toMatch(/^run failed: /m);

  expect(await baseline.ended, baseline.out()).toBe(EXIT.invalidInput);
  expect(baseline.out()).toContain("the history has a row already: 0001_a");
  expect(await status.ended, status.err()).toBe(EXIT.done);
  expect(JSON.parse(status.out())).toMatchObject({ version: "0001_a", pending: ["0002_b"] });
  expect(await tables(stage.db)).toEqual(["a"]);

  const stopped = runner.run("web -- status");
  const jobs = async () => await stage.kubectl("get", "jobs", "-l", "app.kubernetes.io/managed-by=kubectl-lockkeeper");
  await expect.poll(jobs, SOON).toContain("web-status-");
  stopped.interrupt();
  expect(await stopped.ended).toBe(EXIT.cancelled);
  expect(stopped.err()).toContain("is deleted");
  await expect.poll(jobs, SOON).toBe("");
  // They were none of the operator's.
  expect(web.runs()).toHaveLength(1);
  const lines = (await stage.scene.log()).filter((line) => JSON.stringify(line).includes(namespace));
  expect(JSON.stringify(lines)).not.toContain("job deleted");
});

it("open starts the pods of a Deployment that nobody else would open", async ({ expect }) => {
  await using stage = await openStage(scene());
  await using opener = await as(stage, "open");
  const labels = { app: "web" };
  const user = {
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
  };
  const container = { image: servedImage("one"), command: ["/bin/sleep", "3600"] };
  await stage.apply({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels, annotations: { "lockkeeper.dev/migration": "nobody" } },
        spec: { schedulingGates: [{ name: "lockkeeper.dev/migration" }], ...podOf(container, user) },
      },
    },
  });
  const pods = async () => await stage.kubectl("get", "pods", "-o", "jsonpath={.items[*].metadata.name}");
  await expect.poll(pods, SOON).toMatch(/\S+ \S+/);
  const shown = opener.run("deployment/web");
  expect(await shown.ended).toBe(EXIT.invalidInput);
  expect(shown.out()).toMatch(
    /pod\/web-\S+: localhost\/served:one, revision 1\n {2}waits for databasemigration\/nobody: there is no/,
  );
  const opened = opener.run("deployment/web --yes");
  expect({ code: await opened.ended, err: opened.err() }).toEqual({ code: EXIT.done, err: "" });
  await stage.kubectl("rollout", "status", "deployment/web", "--timeout=60s");
});
