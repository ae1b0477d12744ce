/** Stories about series, minute by minute, told to promtool with the rules that are to judge them. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../cluster/run.ts";
import { temporaryFolder } from "../images/folder.ts";

/** The alerts as Prometheus itself takes them; the chart's PrometheusRule is made of them. */
export const RULES = fileURLToPath(new URL("../../charts/lockkeeper/files/alerts.yaml", import.meta.url));

/** A series' value in a minute; null: it isn't there. */
export type Values = (minute: number) => number | null;

/** What both replicas say of shop/web and of themselves, where a story doesn't say otherwise. */
export const HEALTHY: Record<string, Values> = {
  lockkeeper_ready: () => 1,
  lockkeeper_stalled: () => 0,
  lockkeeper_suspended: () => 0,
  lockkeeper_drifted: () => 0,
  lockkeeper_telemetry_available: () => 1,
  lockkeeper_migrations_pending: () => 0,
  lockkeeper_gated_pods: () => 0,
  lockkeeper_run_timeout_seconds: () => 1_800,
  'lockkeeper_last_run_timestamp_seconds{outcome="success"}': () => 0.5,
  lockkeeper_build_info: () => 1,
  lockkeeper_watch_last_heard_timestamp_seconds: (minute) => minute * 60,
};

const OF_OPERATOR = ["lockkeeper_build_info", "lockkeeper_watch_last_heard_timestamp_seconds", "lockkeeper_leader"];

export type Story = {
  /** Over what is healthy: of both replicas. */
  both?: Record<string, Values>;
  /** Of the replica `a`, which leads, alone. */
  a?: Record<string, Values>;
  /** Of the other one alone. */
  b?: Record<string, Values>;
  /** All that fires at a minute, like `LockkeeperDrift warning`. The labels are the alert's other ones. */
  fires: Record<number, Firing[]>;
};

export type Firing = { alert: string; severity: "warning" | "critical"; labels: Record<string, string> };

/** Of the resource that the stories are about. */
export function web(alert: string, severity: Firing["severity"]): Firing {
  return { alert, severity, labels: { namespace: "shop", name: "web" } };
}

/** Of the operator that has the replicas `a` and `b`. */
export function operator(alert: string, labels: Record<string, string> = {}): Firing {
  return { alert, severity: "critical", labels: { namespace: "lockkeeper", job: "lockkeeper", ...labels } };
}

/** Throws what promtool says unless at each of these minutes exactly these alerts fire, of all that the rules have. */
export async function judge(story: Story): Promise<void> {
  const minutes = Math.max(...Object.keys(story.fires).map(Number)) + 2;
  const series = (["a", "b"] as const).flatMap((instance) => {
    const leads = { lockkeeper_leader: () => (instance === "a" ? 1 : 0) };
    return Object.entries({ ...HEALTHY, ...leads, ...story.both, ...story[instance] }).map(([name, values]) => ({
      series: whole(name, instance),
      values: told(values, minutes),
    }));
  });
  const tests = Object.entries(story.fires).map(([minute, firing]) => ({
    expr: 'ALERTS{alertstate="firing"}',
    eval_time: `${minute}m`,
    exp_samples: firing.map((each) => ({ labels: asSeries(each), value: 1 })),
  }));
  await testRules({ interval: "1m", input_series: series, promql_expr_test: tests });
}

/** `promtool test rules` with the rules and one group of its tests. */
export async function testRules(test: Record<string, unknown>): Promise<void> {
  await using folder = await temporaryFolder("promtool");
  const file = join(folder.path, "test.yaml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: "1m", tests: [test] }));
  await run("promtool", ["test", "rules", file]);
}

/** With what Prometheus adds to a replica's series: instance and job, and the operator's namespace where there is none. */
function whole(name: string, instance: string): string {
  const [metric = "", own = ""] = name.split(/[{}]/);
  const subject = OF_OPERATOR.includes(metric) ? { namespace: "lockkeeper" } : { namespace: "shop", name: "web" };
  const labels = Object.entries({ ...subject, job: "lockkeeper", instance }).map(([key, value]) => `${key}="${value}"`);
  return `${metric}{${[...labels, own].filter(Boolean).join(",")}}`;
}

function asSeries({ alert, severity, labels }: Firing): string {
  const all = { alertname: alert, alertstate: "firing", severity, ...labels };
  const pairs = Object.entries(all).map(([key, value]) => `${key}="${value}"`);
  return `ALERTS{${pairs.join(",")}}`;
}

/** A value a minute in promtool's words. A series that ends is stale at once, as it is when its target doesn't answer. */
function told(values: Values, minutes: number): string {
  return Array.from({ length: minutes }, (_, minute) => {
    const value = values(minute);
    if (value !== null) return String(value);
    return minute > 0 && values(minute - 1) !== null ? "stale" : "_";
  }).join(" ");
}
