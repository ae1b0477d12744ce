/** What a run can come to, and what the conditions say then. */
import { it } from "vitest";
import { CANARY } from "../../runner/canary.ts";
import { sceneOf } from "./scene.ts";
import { openStage } from "./stage.ts";
import { tables } from "./workload.ts";

const scene = sceneOf({ namespace: "e2e-outcomes" });

const NO_RETRY = { retry: { limit: 0 } };

it("tells who blocked a run, in condition, run and event, tries again, and goes on when that ends", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  const web = await stage.reader("workouts");
  await stage.files("m", { "0001_mood.sql": "alter table workouts add mood text;" });
  const dbm = await stage.migrate("m");
  const blocked = new RegExp(`blocked by pid ${web.pid} \\(web, idle in transaction`);
  expect(await dbm.saw("Reconciling", { reason: "LockTimeout" })).toMatch(blocked);
  expect(dbm.runs().find(({ status }) => status === "LOCK_TIMEOUT")?.blockers?.[0]).toMatchObject({
    ...{ pid: web.pid, application: "web", state: "idle in transaction", relation: "public.workouts" },
  });
  await web.end();
  await dbm.settled("Applied");
  const notes = () => stage.kubectl("get", "events.events.k8s.io", "-o", "jsonpath={.items[*].note}");
  await expect.poll(notes, { timeout: 20_000 }).toMatch(blocked);
  const rows = await stage.db.query("select status from lockkeeper.migration_run_log order by started_at");
  expect(rows.map(({ status }) => status)).toEqual(
    dbm
      .runs()
      .toReversed()
      .map(({ status }) => status),
  );
  expect(rows.at(0)).toEqual({ status: "LOCK_TIMEOUT" });
});

it("tells while a run is on how far it is and whom it waits for", async ({ expect }) => {
  await using stage = await openStage(scene());
  const web = await stage.reader("workouts");
  await stage.files("m", {
    "0001_a.sql": "create table a (id int);",
    "0002_slow.sql": "select pg_sleep(4);",
    "0003_mood.sql": "alter table workouts add mood text;",
  });
  const dbm = await stage.migrate("m", { lock: { timeout: "60s" } });
  await dbm.saw("Reconciling", { reason: "Running", matching: /^2 of 3: 0002_slow$/ });
  const waits =
    /^3 of 3: 0003_mood; waiting \d+ s for public\.workouts, blocked by pid \d+ \(web, idle in transaction for /;
  await dbm.saw("Reconciling", { reason: "WaitingForLock", matching: waits });
  await web.end();
  expect(await dbm.settled("Applied")).toMatch(/^0003_mood; 3 applied/);
});

it("stops at an SQL error with its text, tries again by the annotation, and goes on with another source", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  await stage.files("broken", {
    "0001_a.sql": "create table a (id int);",
    "0002_b.sql": "alter table wrokouts add b int;",
  });
  await stage.files("mended", { "0001_a.sql": "create table a (id int);", "0002_b.sql": "alter table a add b int;" });
  const dbm = await stage.migrate("web", { source: { configMap: { name: "broken" } } });
  expect(await dbm.settled("MigrationFailed")).toMatch(/relation "wrokouts" does not exist/);
  expect(dbm.condition("Stalled")?.message).toContain("wrokouts");
  expect(dbm.runs()).toMatchObject([
    { status: "FAILED", error: { code: "42P01", migration: "0002_b" }, applied: ["0001_a"] },
  ]);
  await dbm.annotate("lockkeeper.dev/retry", "1");
  await expect.poll(() => dbm.runs().filter(({ status }) => status === "FAILED"), { timeout: 60_000 }).toHaveLength(2);
  await dbm.settled("MigrationFailed");
  await dbm.change({ source: { configMap: { name: "mended" } } });
  expect(await dbm.settled("Applied")).toMatch(/^0002_b; 1 applied/);
});

it("finds nothing to do when all is applied, and looks again when it is asked to", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.files("web", { "0001_a.sql": "create table a (id int);" });
  const dbm = await stage.migrate("web");
  await dbm.settled("Applied");
  await dbm.annotate("lockkeeper.dev/recheck", "after the restore");
  await expect.poll(() => dbm.runs().map(({ status }) => status), { timeout: 60_000 }).toEqual(["SKIPPED", "SUCCESS"]);
  expect(await dbm.settled("Applied")).toBe("0001_a; nothing to do");
  expect(dbm.now().status).toMatchObject({ epoch: 2, lastHandledRecheck: "after the restore" });
});

it("finds drift between releases without a run that applies", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.files("web", { "0001_a.sql": "create table a (id int);" });
  const dbm = await stage.migrate("web");
  await dbm.settled("Applied");
  expect(dbm.condition("Drifted")).toMatchObject({ status: "False", reason: "InSync" });
  await stage.files("web", { "0001_a.sql": "create table a (id bigint);" });
  await dbm.change({ drift: { interval: "1s" } });
  expect(await dbm.saw("Drifted", { status: "True", reason: "Drift" })).toContain("0001_a");
  await dbm.change({ drift: { interval: "0s" } });
  await expect.poll(() => dbm.now().status?.drift?.running, { timeout: 30_000 }).toBe(false);
  expect(dbm.runs().map(({ status }) => status)).toEqual(["SUCCESS"]);
});

it("waits for a database that can't be reached", async () => {
  await using stage = await openStage(scene());
  const nobody = new URL(stage.url);
  nobody.port = "1";
  await stage.secret("web-db", nobody.href);
  await stage.files("web", { "0001_a.sql": "create table a (id int);" });
  const dbm = await stage.migrate("web");
  await dbm.saw("Reconciling", { reason: "Running", matching: /waiting for the database/ });
  await dbm.saw("Reconciling", { reason: "Unreachable", matching: /tried again after/ });
  await stage.secret("web-db", stage.url);
  await dbm.settled("Applied", 120_000);
});

it("says that the Secret isn't there, and goes on when it is", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.files("web", { "0001_a.sql": "create table a (id int);" });
  const urlFrom = { secretKeyRef: { name: "late", key: "DATABASE_URL" } };
  const dbm = await stage.migrate("web", { database: { urlFrom } });
  expect(await dbm.saw("Reconciling", { reason: "PodNotStarted" })).toContain('secret "late" not found');
  await stage.secret("late", stage.url);
  await dbm.settled("Applied");
  expect(dbm.runs()).toHaveLength(1);
});

it("says that the runner had too little memory, and goes on when it has enough", async ({ expect }) => {
  await using stage = await openStage(scene());
  const a = { "0001_a.sql": "create table a (id int);" };
  await stage.files("large", { ...a, "0002_large.sql": "select repeat('x', 250000000);" });
  await stage.files("small", a);
  const resources = { limits: { memory: "128Mi" }, requests: { memory: "64Mi" } };
  const dbm = await stage.migrate("web", { ...NO_RETRY, source: { configMap: { name: "large" } }, job: { resources } });
  expect(await dbm.settled("OutOfMemory")).toContain("job.resources.limits.memory");
  await dbm.change({ source: { configMap: { name: "small" } } });
  await dbm.settled("Applied");
});

it("refuses a password that is wrong without showing it", async ({ expect }) => {
  await using stage = await openStage(scene());
  await stage.db.query(`alter role ${new URL(stage.url).username} password 'another'`);
  await stage.files("web", { "0001_a.sql": "create table a (id int);" });
  const dbm = await stage.migrate("web", NO_RETRY);
  expect(await dbm.settled("ConnectionRefused")).not.toContain(CANARY);
  expect(await tables(stage.db)).toEqual([]);
});
