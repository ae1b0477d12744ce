/** What fires when, judged by promtool: of all alerts exactly those that are named at a minute, and no other. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { run } from "../cluster/run.ts";
import { temporaryFolder } from "../images/folder.ts";
import { render } from "../operator/helm.ts";
import { HEALTHY, judge, operator, RULES, testRules, web } from "./story.ts";
import type { Story, Values } from "./story.ts";

/** The value from a minute on, until another one; before and after there is none, or what is told. */
const from =
  (start: number, value: number, end = Infinity, otherwise: number | null = null): Values =>
  (minute) =>
    minute >= start && minute < end ? value : otherwise;

/** Seconds of a minute, as the gauges tell of times. */
const at = (minute: number): number => minute * 60;

const lastRun = (outcome: string): string => `lockkeeper_last_run_timestamp_seconds{outcome="${outcome}"}`;
const PENDING_SINCE = "lockkeeper_pending_since_timestamp_seconds";
const STARTED = "lockkeeper_run_started_timestamp_seconds";
const GATED_SINCE = "lockkeeper_gate_waiting_since_timestamp_seconds";
const LAST_HEARD = "lockkeeper_watch_last_heard_timestamp_seconds";

/** Ready goes to False at a minute, and is True again at another. */
const notReady = (start: number, end = Infinity) => ({ lockkeeper_ready: from(start, 0, end, 1) });
const stalled = (start: number, end = Infinity) => ({ lockkeeper_stalled: from(start, 1, end, 0) });
const ended = (outcome: string, minute: number) => ({ [lastRun(outcome)]: from(minute, at(minute)) });
const cured = (minute: number) => ({ [lastRun("success")]: from(minute, at(minute), Infinity, 0.5) });

/** All that is healthy, and the leader, gone in these minutes. */
const without = (start: number, end: number): Record<string, Values> =>
  Object.fromEntries(
    Object.entries<Values>({ ...HEALTHY, lockkeeper_leader: () => 1 }).map(([name, values]) => [
      name,
      (minute: number) => (minute >= start && minute < end ? null : values(minute)),
    ]),
  );

const lockTimeout = web("LockkeeperLockTimeout", "warning");
const givenUp = web("LockkeeperLockTimeout", "critical");
const failing = web("LockkeeperRunFailed", "warning");
const failed = web("LockkeeperRunFailed", "critical");
const pending = web("LockkeeperMigrationsPending", "critical");
const unready = web("LockkeeperNotReady", "warning");
const stuck = web("LockkeeperRunStuck", "critical");
const drift = web("LockkeeperDrift", "warning");
const gate = web("LockkeeperGateWaiting", "critical");
const telemetry = web("LockkeeperTelemetryUnavailable", "warning");
const absent = operator("LockkeeperOperatorAbsent");
const noLeader = operator("LockkeeperNoLeader");

const STORIES: Record<string, Story> = {
  "nothing fires while all is well": { fires: { 0: [], 5: [], 60: [] } },

  "a lock timeout that is tried again warns, once for both replicas, and resolves with the success": {
    both: { ...notReady(5, 20), ...ended("lock_timeout", 5), ...cured(20) },
    fires: { 4: [], 5: [], 6: [lockTimeout], 19: [lockTimeout], 20: [], 40: [] },
  },
  "the first lock timeout ever is seen too, and a try that is on doesn't hide it": {
    both: {
      ...notReady(0),
      ...ended("lock_timeout", 5),
      [lastRun("success")]: () => null,
      [STARTED]: from(7, at(7), 9),
    },
    fires: { 4: [], 6: [lockTimeout], 8: [lockTimeout], 12: [lockTimeout] },
  },
  "a lock timeout that the next try cures within the minute fires nothing": {
    both: { ...notReady(5, 6), ...ended("lock_timeout", 5), ...cured(6) },
    fires: { 5: [], 6: [], 7: [], 30: [] },
  },
  "lock timeouts that aren't tried again are critical": {
    both: { ...notReady(5), ...ended("lock_timeout", 5), ...stalled(10) },
    fires: { 9: [lockTimeout], 10: [givenUp], 34: [givenUp] },
  },
  "a lock timeout is over when the release is undone, though no run follows": {
    both: { ...notReady(5, 15), ...ended("lock_timeout", 5) },
    fires: { 14: [lockTimeout], 15: [], 60: [] },
  },
  "a lock timeout stays through a restart of both replicas, and through one that lags behind": {
    both: {
      ...ended("lock_timeout", 5),
      lockkeeper_ready: (minute) => (minute < 5 ? 1 : [10, 11].includes(minute) ? null : 0),
      [lastRun("lock_timeout")]: (minute) => (minute < 5 || [10, 11].includes(minute) ? null : at(5)),
    },
    b: { lockkeeper_ready: from(5, 0, 30, 1) },
    fires: { 9: [lockTimeout], 10: [], 13: [lockTimeout], 32: [lockTimeout] },
  },

  "a failure is critical at once, and over when the mended release is applied": {
    both: { ...notReady(5, 25), ...ended("failed", 5), ...stalled(5, 24), ...cured(25) },
    fires: { 4: [], 5: [failed], 23: [failed], 25: [], 50: [] },
  },
  "failures that are tried again warn after 5 minutes": {
    both: { ...notReady(5, 36), ...ended("failed", 5) },
    fires: { 9: [], 10: [failing], 34: [failing], 36: [] },
  },
  "a failure after a lock timeout is told as the failure that it is": {
    both: { ...notReady(5), ...ended("lock_timeout", 5), ...ended("failed", 7), ...stalled(7) },
    fires: { 6: [lockTimeout], 7: [failed] },
  },
  "a failure that was cured before Prometheus was there fires nothing": {
    both: { [lastRun("failed")]: () => 0.2 },
    fires: { 0: [], 60: [] },
  },

  "pending migrations that nobody works on for 15 minutes": {
    both: { ...notReady(5, 30), [PENDING_SINCE]: from(5, at(5), 30) },
    fires: { 20: [], 21: [pending], 29: [pending], 30: [] },
  },
  "pending migrations that a run works on again and again don't fire, until it stops": {
    both: {
      ...notReady(5),
      [PENDING_SINCE]: from(5, at(5)),
      [STARTED]: (minute) => (minute < 30 && minute % 10 === 6 ? at(minute) : null),
    },
    // The run of minute 26 was on in the 15 minutes before 41.
    fires: { 25: [], 34: [], 40: [unready], 42: [unready, pending] },
  },
  "pending migrations of a suspended resource are wanted": {
    both: { ...notReady(5), [PENDING_SINCE]: from(5, at(5)), lockkeeper_suspended: () => 1 },
    fires: { 30: [], 60: [] },
  },

  "not Ready for half an hour, for whatever reason": {
    both: notReady(5, 50),
    fires: { 34: [], 35: [unready], 49: [unready], 50: [] },
  },

  "a run that goes on after its own time-out": {
    both: { [STARTED]: from(5, at(5), 45) },
    fires: { 40: [], 41: [stuck], 44: [stuck], 45: [] },
  },
  "a run that may take two hours isn't stuck after one": {
    both: { [STARTED]: from(5, at(5)), lockkeeper_run_timeout_seconds: () => 7_200 },
    fires: { 65: [], 129: [], 131: [stuck] },
  },

  "drift, until the check doesn't find it any more": {
    both: { lockkeeper_drifted: from(5, 1, 15, 0) },
    fires: { 4: [], 5: [drift], 14: [drift], 15: [] },
  },

  "pods wait at the gate and nobody is at work": {
    both: { [GATED_SINCE]: from(5, at(5), 40), lockkeeper_gated_pods: from(5, 2, 40, 0) },
    fires: { 20: [], 21: [gate], 39: [gate], 40: [] },
  },
  "pods wait at the gate for a long migration": {
    both: { [GATED_SINCE]: from(5, at(5), 35), [STARTED]: from(6, at(6), 35) },
    fires: { 25: [], 34: [], 36: [] },
  },

  "pods wait at the gate while runs are tried again and again, until that stops": {
    both: {
      [GATED_SINCE]: from(5, at(5)),
      [STARTED]: (minute) => (minute < 30 && minute % 10 === 6 ? at(minute) : null),
    },
    fires: { 25: [], 34: [], 40: [], 42: [gate] },
  },

  "no run log for a quarter of an hour": {
    both: { lockkeeper_telemetry_available: from(5, 0, 30, 1) },
    fires: { 19: [], 20: [telemetry], 29: [telemetry], 30: [] },
  },

  "all replicas are gone, and come back": {
    both: without(10, 20),
    fires: { 14: [], 15: [absent], 19: [absent], 20: [] },
  },
  "no replica was ever seen": {
    both: without(0, 40),
    fires: { 4: [], 5: [{ ...absent, labels: {} }], 30: [{ ...absent, labels: {} }] },
  },
  "one replica is gone and the other one takes over": {
    a: without(10, Infinity),
    b: { lockkeeper_leader: from(12, 1, Infinity, 0) },
    fires: { 11: [], 16: [], 40: [] },
  },
  "nobody leads": {
    both: { lockkeeper_leader: from(0, 0) },
    a: { lockkeeper_leader: from(5, 0, 20, 1) },
    fires: { 9: [], 10: [noLeader], 19: [noLeader], 20: [] },
  },

  "one replica hears nothing": {
    b: { [LAST_HEARD]: (minute) => (minute < 5 || minute >= 20 ? at(minute) : at(5)) },
    // 300 s after minute 5, and a minute of patience.
    fires: { 11: [], 12: [operator("LockkeeperWatchStale", { instance: "b" })], 20: [] },
  },
  "one of a replica's watches hears nothing": {
    both: { [LAST_HEARD]: () => null, [`${LAST_HEARD}{kind="Job"}`]: at, [`${LAST_HEARD}{kind="Pod"}`]: at },
    a: { [`${LAST_HEARD}{kind="Pod"}`]: () => 0 },
    fires: { 6: [], 7: [operator("LockkeeperWatchStale", { instance: "a" })] },
  },
};

it.concurrent.each(Object.entries(STORIES))("%s", async (_, story) => await judge(story));

type Rule = { alert: string; expr: string; labels: { severity: string }; annotations: Record<string, string> };
type Rules = { groups: { name: string; rules: Rule[] }[] };
const rulesOf = ({ groups }: Rules): Rule[] => groups.flatMap(({ rules }) => rules);

it("has a story in which each alert fires, at each severity", async () => {
  const rules = rulesOf(parse(await readFile(RULES, "utf8")) as Rules);
  const fired = Object.values(STORIES).flatMap(({ fires }) => Object.values(fires).flat());
  const named = (alert: string, severity: string): string => `${alert} ${severity}`;
  expect(new Set(rules.map(({ alert, labels }) => named(alert, labels.severity)))).toEqual(
    new Set(fired.map(({ alert, severity }) => named(alert, severity))),
  );
});

it("says which resource it is, what happened and what to do", async () => {
  const series = (name: string, value: string) => ({ series: name, values: value });
  const summary = "shop/web: pods wait at the gate, and nobody has been at work for 15 minutes";
  await testRules({
    interval: "1m",
    input_series: [
      series(`${GATED_SINCE}{namespace="shop",name="web"}`, "0x60"),
      series('lockkeeper_build_info{namespace="ops",job="keeper"}', "1x20 stale"),
    ],
    alert_rule_test: [
      {
        ...{ alertname: "LockkeeperGateWaiting", eval_time: "20m" },
        exp_alerts: [
          {
            exp_labels: { severity: "critical", namespace: "shop", name: "web" },
            exp_annotations: {
              summary,
              description:
                "A pod has waited for the migrations of shop/web for 20m 0s, and no run was on in the last 15 minutes. " +
                "For what it waits is told by its events: `kubectl -n shop get events --field-selector " +
                "involvedObject.kind=Pod`. The old pods serve, as far as the Deployment's strategy left them.",
              runbook_url: "docs/runbooks/gate-waiting.md",
            },
          },
        ],
      },
      {
        ...{ alertname: "LockkeeperOperatorAbsent", eval_time: "30m" },
        exp_alerts: [
          {
            exp_labels: { severity: "critical", namespace: "ops", job: "keeper" },
            exp_annotations: {
              summary: "No operator of Lockkeeper answers in ops",
              description:
                "No replica of the operator could be asked for 5 minutes. Running pods serve; new pods with the gate wait, " +
                "and so does an evicted one that comes back. Look at its pods: `kubectl -n ops get pods -l " +
                "app.kubernetes.io/name=lockkeeper`. If they are Ready, Prometheus can't reach them.",
              runbook_url: "docs/runbooks/operator-absent.md",
            },
          },
        ],
      },
    ],
  });
});

it("is valid as a file and as the chart's PrometheusRule, which differ by the runbooks' address only", async () => {
  await run("promtool", ["check", "rules", "--lint-fatal", RULES]);
  const file = await readFile(RULES, "utf8");
  const ruleOf = async (values: Record<string, unknown>) => {
    const rendered = await render("lockkeeper", { namespace: "ops", values: { metrics: { prometheusRule: values } } });
    return rendered.find(({ kind }) => kind === "PrometheusRule");
  };
  expect(await ruleOf({})).toBeUndefined();
  const plain = await ruleOf({ enabled: true, labels: { release: "monitoring" } });
  expect(plain?.["spec"]).toEqual(parse(file));
  expect(plain?.metadata).toMatchObject({ namespace: "ops", labels: { release: "monitoring" } });
  const other = await ruleOf({ enabled: true, runbookUrl: "https://wiki.example.com/lockkeeper/" });
  expect(other?.["spec"]).toEqual(parse(file.replaceAll("docs/runbooks/", "https://wiki.example.com/lockkeeper/")));
  await using folder = await temporaryFolder("rule");
  const path = join(folder.path, "rule.yaml");
  await writeFile(path, stringify(other?.["spec"]));
  await run("promtool", ["check", "rules", "--lint-fatal", path]);
});
