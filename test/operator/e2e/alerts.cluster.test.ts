/** A real lock timeout reaches whoever is on call, by the real Prometheus and Alertmanager and the files of examples/monitoring. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { it } from "vitest";
import { run } from "../../cluster/run.ts";
import { queriesOf, readDashboard } from "../../ops/dashboard.ts";
import { startMonitoring } from "../../ops/monitoring.ts";
import type { Monitoring, Told } from "../../ops/monitoring.ts";
import { until } from "./recorder.ts";
import { sceneOf } from "./scene.ts";
import { openStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

const scene = sceneOf({ namespace: "e2e-alerts" });

const MONITORING = fileURLToPath(new URL("../../../docs/monitoring.md", import.meta.url));

/** HOST:PORT of the operator's /metrics. */
async function metricsAddress(): Promise<string> {
  const port = (await scene().log()).find(({ msg }) => msg === "ops is served")?.["port"];
  return `127.0.0.1:${String(port)}`;
}

/** A Deployment with one pod, which waits at the gate: the resource that it names follows no Deployment. */
function gated(names: string) {
  const labels = { app: "gated" };
  const securityContext = { runAsNonRoot: true, runAsUser: 1, seccompProfile: { type: "RuntimeDefault" } };
  const own = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
  const containers = [{ name: "web", image: "localhost/none:1", securityContext: own }];
  const template = {
    metadata: { labels, annotations: { "lockkeeper.dev/migration": names } },
    spec: { schedulingGates: [{ name: "lockkeeper.dev/migration" }], securityContext, containers },
  };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "gated" },
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  };
}

/** The first message about that alert of a resource of this stage. */
const message = async (
  { told }: Monitoring,
  { namespace }: Stage,
  alertname: string,
  status: Told["status"],
): Promise<Told> => {
  const fits = (one: Told): boolean =>
    one.status === status && one.labels["alertname"] === alertname && one.labels["namespace"] === namespace;
  return await until(
    () => told.find(fits),
    () => `${alertname} is told as ${status}: ${JSON.stringify(told, null, 1)}`,
  );
};

it("a lock timeout and drift are told to whom the example says, and every query of the dashboard has series", async ({
  expect,
}) => {
  await using stage = await openStage(scene());
  const address = await metricsAddress();
  await using monitoring = await startMonitoring(address);
  const begin = Date.now() / 1_000;
  const reader = await stage.reader("workouts");

  // Given up at once, so that it is critical; and one that drifts, which is a warning.
  await stage.files("held", { "0001_mood.sql": "alter table workouts add mood text;" });
  await stage.files("drifts", { "0001_a.sql": "create table a (id int);" });
  const held = await stage.migrate("held", { lock: { timeout: "3s", retries: 0 }, retry: { limit: 0 } });
  const history = { format: "Lockkeeper", table: "lockkeeper.drifts_history" };
  const drifts = await stage.migrate("drifts", { history });
  await stage.apply(gated("held"));
  await drifts.settled("Applied");
  await stage.files("drifts", { "0001_a.sql": "create table a (id bigint);" });
  await drifts.change({ drift: { interval: "1s" } });

  const lockTimeout = await message(monitoring, stage, "LockkeeperLockTimeout", "firing");
  expect(lockTimeout).toMatchObject({
    ...{ receiver: "on-call", path: "/on-call" },
    labels: { namespace: stage.namespace, name: "held", severity: "critical" },
    annotations: { runbook_url: "docs/runbooks/lock-timeout.md" },
  });
  const command = `kubectl -n ${stage.namespace} describe databasemigration held`;
  expect(lockTimeout.annotations["description"]).toContain(`\`${command}\``);
  // The command that the alert tells names the pid, which no label can.
  const described = await stage.kubectl("describe", "databasemigration", "held");
  expect(described).toContain(`blocked by pid ${reader.pid} (web, idle in transaction`);
  expect(await message(monitoring, stage, "LockkeeperDrift", "firing")).toMatchObject({
    ...{ receiver: "chat", path: "/chat" },
    labels: { namespace: stage.namespace, name: "drifts", severity: "warning" },
  });
  await drifts.change({ drift: { interval: "0s" } });

  // Some series are there only while a run is on: this one waits until the reader ends.
  await stage.files("waits", { "0001_note.sql": "alter table workouts add note text;" });
  const waits = await stage.migrate("waits", {
    history: { format: "Lockkeeper", table: "lockkeeper.waits_history" },
    lock: { timeout: "2m" },
  });
  // Thrice: a range query sees only what is there at one of its steps, a second apart.
  const thrice = { query: `count_over_time(lockkeeper_run_started_timestamp_seconds{name="waits"}[1m]) >= 3` };
  const isSeen = async (): Promise<boolean> => (await monitoring.query("query", thrice)).length > 0;
  await until(isSeen, () => "Prometheus sees a run that is on");

  const dashboard = queriesOf(await readDashboard(), "30s");
  expect(dashboard.length).toBeGreaterThan(30);
  const end = Date.now() / 1_000;
  const empty: string[] = [];
  for (const { panel, expr, instant } of dashboard) {
    const times = instant ? { time: String(end) } : { start: String(begin), end: String(end), step: "1" };
    const series = await monitoring.query(instant ? "query" : "query_range", { query: expr, ...times });
    if (series.length === 0) empty.push(`${panel}: ${expr}`);
  }
  expect(empty, "queries without series").toEqual([]);

  const served = await (await fetch(`http://${address}/metrics`)).text();
  const names = [...served.matchAll(/^# TYPE (lockkeeper_\w+) /gm)].map(([, name = ""]) => name);
  const documented = [...(await readFile(MONITORING, "utf8")).matchAll(/^\| `(lockkeeper_\w+)`/gm)];
  expect(names.toSorted()).toEqual(documented.map(([, name = ""]) => name).toSorted());
  // Those of Node.js are prom-client's, which keeps its names.
  const own = served.replaceAll(/^(?!lockkeeper_|# (?:HELP|TYPE) lockkeeper_).*\n/gm, "");
  await run("promtool", ["check", "metrics"], { input: own });
  expect(served).not.toMatch(new RegExp(`pid="|${reader.pid} \\(|0001_mood`));

  await reader.end();
  await held.annotate("lockkeeper.dev/retry", "1");
  await held.settled("Applied");
  await waits.settled("Applied");
  expect(await message(monitoring, stage, "LockkeeperLockTimeout", "resolved")).toMatchObject({ receiver: "on-call" });
  const critical = monitoring.told.filter(({ labels }) => labels["severity"] === "critical");
  const warnings = monitoring.told.filter(({ labels }) => labels["severity"] === "warning");
  expect(new Set(critical.map(({ path }) => path))).toEqual(new Set(["/on-call"]));
  expect(new Set(warnings.map(({ path }) => path))).toEqual(new Set(["/chat"]));
});
