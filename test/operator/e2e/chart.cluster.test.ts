/** The operator as users have it: two replicas in the cluster, installed by the chart. */
import { it } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { inProcess } from "../../check/command.ts";
import { json, standIn } from "../../check/stand-in.ts";
import { openBrowser } from "../../dashboard/browser.ts";
import { shows, signIn } from "../../dashboard/visit.ts";
import { chartSceneOf, OPERATORS } from "./chart-scene.ts";
import { until } from "./recorder.ts";
import { answersOf } from "./replica.ts";
import { openStage } from "./stage.ts";

const scene = chartSceneOf("e2e-chart");

it("every replica answers with the Secret's token, and so does the Service; one of them leads", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.files("web", { "0001_sets.sql": "create table sets (id int)" });
  const dbm = await stage.migrate("web");
  await dbm.settled("Applied");
  const names = [OPERATORS, "--output=jsonpath={.items[*].metadata.name}"];
  const pods = await scene().kubectl("get", "pods", ...names);
  const leads: number[] = [];
  for (const pod of pods.split(" ")) {
    const { own, service, none, metrics } = await answersOf(scene(), pod, stage.namespace);
    expect([own.status, service.status, none.status]).toEqual([200, 200, 401]);
    for (const { text } of [own, service]) {
      expect(JSON.parse(text)).toMatchObject({
        status: "ok",
        migrations: [{ namespace: stage.namespace, name: "web", version: "0001_sets", pendingCount: 0 }],
      });
    }
    expect(metrics.text).toContain(`lockkeeper_ready{namespace="${stage.namespace}",name="web"} 1`);
    leads.push(Number(/^lockkeeper_leader (\d)$/m.exec(metrics.text)?.[1]));
  }
  expect(leads.toSorted()).toEqual([0, 1]);
  expect(JSON.stringify(await scene().log())).not.toContain(scene().token);
});

it("its dashboard shows in a browser, without a reload, for which table a run waits, who blocks it, and the end", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  await using ops = await scene().ops();
  await using browser = await openBrowser();
  const reader = await stage.reader("workouts");
  await stage.files("web", { "0001_mood.sql": "alter table workouts add mood text;" });
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(`${ops.origin}/migrations/${stage.namespace}/web`);
  await signIn(page, scene().token);
  await shows(page, `There is no DatabaseMigration ${stage.namespace}/web`);
  let loads = 0;
  page.on("load", () => loads++);

  const dbm = await stage.migrate("web", { lock: { timeout: "100s", retries: 0 } });
  await shows(page, /^1 of 1: 0001_mood; waiting \d+ s for public\.workouts/);
  await shows(page, new RegExp(`^blocked by pid ${reader.pid} \\(web, idle in transaction for `));
  const state = page.locator(".resource .state");
  expect(await state.locator(".tone").textContent()).toBe("Blocked");
  const before = await state.textContent();
  await expect.poll(async () => await state.textContent(), { timeout: 30_000 }).not.toBe(before);
  expect(await state.textContent()).toContain(`blocked by pid ${reader.pid} (web, `);

  await reader.end();
  await shows(page, /^0001_mood; 1 applied in /);
  // It is told as a warning: the run waited for long.
  expect(await state.locator(".reason").textContent()).toBe("Applied");
  await page.locator(".runs [data-status=SUCCESS]").waitFor();
  expect(loads).toBe(0);
  expect(dbm.runs().map(({ status }) => status)).toEqual(["SUCCESS"]);
});

it("its check asks from a pod and from outside: all is well, or it fails and tells the webhook", async ({ expect }) => {
  await using stage = await openStage(scene());
  await using webhook = await standIn(json({}), null, scene().cluster.hostAddress);
  await scene().tells(new URL("/a-secret-path", webhook.origin));
  await using ops = await scene().ops();
  const outside = async (token = scene().token) =>
    await inProcess(["check", "--strict", `--namespace=${stage.namespace}`], {
      ...{ DEPLOY_OPS_URL: ops.origin, DEPLOY_OPS_TOKEN: token, GITHUB_ACTIONS: "true" },
    });
  await stage.files("web", { "0001_a.sql": "create table a (id int);" });
  await stage.files("broken", { "0001_a.sql": "create table a (id int);", "0002_b.sql": "alter table b add c int;" });
  const dbm = await stage.migrate("web");
  await dbm.settled("Applied");

  const well = await scene().check("well");
  expect(well, well.log).toMatchObject({ code: EXIT.done });
  expect(well.log).toMatch(new RegExp(`^${stage.namespace}/web +0001_a +0 +SUCCESS .*, by kubernetes-job$`, "m"));
  expect(webhook.asked).toEqual([]);
  expect(await outside()).toMatchObject({ code: EXIT.done, stdout: expect.stringMatching(/^ok: /), stderr: "" });
  expect((await outside("another-token-of-nobody")).code).toBe(EXIT.invalidInput);

  await dbm.change({ source: { configMap: { name: "broken" } } });
  await dbm.settled("MigrationFailed");
  const ill = await scene().check("ill");
  expect(ill, ill.log).toMatchObject({ code: EXIT.critical });
  const failure = new RegExp(`^critical +RECENT_FAILURE +${stage.namespace}/web +FAILED .*0002_b.*\\(42P01\\)$`, "m");
  expect(ill.log).toMatch(failure);
  expect(webhook.asked).toMatchObject([{ method: "POST", url: "/a-secret-path" }]);
  expect(JSON.parse(webhook.asked[0]?.body ?? "")).toMatchObject({
    ...{ source: "lockkeeper", status: "critical", lookbackMinutes: 120 },
    endpoint: `http://lockkeeper-ops.${scene().namespace}.svc:8080/api/ops/migrations`,
    text: expect.stringMatching(new RegExp(`^• critical RECENT_FAILURE ${stage.namespace}/web: FAILED .*0002_b`, "m")),
    alerts: expect.arrayContaining([expect.objectContaining({ namespace: stage.namespace, code: "RECENT_FAILURE" })]),
  });
  expect(`${well.log}${ill.log}`).not.toMatch(new RegExp(`${scene().token}|a-secret-path`));
  const { code, stdout, stderr } = await outside();
  expect({ code, stdout }).toMatchObject({ code: EXIT.critical, stdout: expect.stringMatching(failure) });
  expect(stderr).toMatch(new RegExp(`^::error title=RECENT_FAILURE ${stage.namespace}/web::`, "m"));
});

// It takes a replica away, which those before ask.
it(
  "goes on with a run when the leader's pod is killed, with the other one",
  { concurrent: false },
  async ({ expect }) => {
    await using stage = await openStage(scene());
    const reader = await stage.reader("held");
    await stage.files("web", { "0001_held.sql": "alter table held add b int;" });
    const dbm = await stage.migrate("web", { lock: { timeout: "100s", retries: 0 } });
    await dbm.saw("Reconciling", { reason: "WaitingForLock" });
    const leader = await holder();
    await scene().kubectl("delete", "pod", leader, "--grace-period=0", "--force");
    await until(
      async () => ![leader, ""].includes(await holder()),
      () => "another pod leads",
    );
    await reader.end();
    expect(await dbm.settled("Applied")).toMatch(/^0001_held; 1 applied/);
    expect(dbm.runs().map(({ status }) => status)).toEqual(["SUCCESS"]);
    const log = JSON.stringify(await scene().log());
    expect(log).not.toMatch(/"status":403|is forbidden:/);
  },
);

const holder = async (): Promise<string> => {
  const query = ["-o", "jsonpath={.items[0].spec.holderIdentity}"];
  return await scene().kubectl("get", "leases.coordination.k8s.io", ...query);
};
