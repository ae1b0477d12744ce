/** A resource and its Jobs as plain values, on which decisions are carried out: for tests of what decisions lead to. */
import { API_VERSION, KIND } from "../../contract/resource/names.ts";
import { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Status } from "../../contract/resource/status.ts";
import type { Report } from "../../contract/report.ts";
import type { RunOrder } from "../job/order.ts";
import { report as reportOf } from "../outcome/report-fixture.ts";
import type { Outcome } from "../outcome/outcome.ts";
import { targetOf } from "../release/target.ts";
import { decide } from "./decide.ts";
import type { Decision } from "./decide.ts";
import type { Observed, ObservedJob } from "./observed.ts";
import { statusOf } from "./status.ts";

const DATABASE = { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } };
const SOURCE = { image: { ref: "web:1" }, path: "/app/drizzle" };
const START = Date.parse("2026-01-01T00:00:00Z");

type Changes = {
  /** Its name, and that of all that is made for it. */
  name?: string;
  spec?: Record<string, unknown>;
  annotations?: Record<string, string>;
  /** A deleted Job is only gone when the test says so: `collect()`. */
  slowDeletion?: boolean;
};

export type World = ReturnType<typeof world>;

/** A new resource. `spec` goes over a minimal one. */
export function world({ name: called = "web", spec = {}, annotations = {}, slowDeletion = false }: Changes = {}) {
  let now = START;
  let generation = 1;
  let given: Record<string, unknown> = { database: DATABASE, source: SOURCE, ...spec };
  let asked = annotations;
  let status: Status = {};
  let ids = 0;
  const jobs: (ObservedJob & { order: RunOrder })[] = [];
  const created: RunOrder[] = [];

  const parsed = (): DatabaseMigration =>
    DatabaseMigration.parse({
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: {
        name: called,
        namespace: "shop",
        uid: `uid-${called}`,
        resourceVersion: "1",
        generation,
        creationTimestamp: new Date(START).toISOString(),
        annotations: asked,
      },
      spec: given,
    });
  // Parsed when it changes: a look at it is made some million times.
  let resource: DatabaseMigration | null = null;
  let current: DatabaseMigration | null = null;
  const migration = (): DatabaseMigration => {
    resource ??= parsed();
    if (current?.status !== status || current.spec !== resource.spec || current.metadata !== resource.metadata) {
      current = { ...resource, status };
    }
    return current;
  };

  const observed = (more: Partial<Observed> = {}): Observed => {
    const seen = migration();
    return {
      migration: seen,
      target: more.target ?? targetOf(seen, { deployment: null, replicaSets: [] }),
      settling: false,
      live: null,
      jobs: jobs.map(({ order: _order, ...job }) => job),
      foreign: new Set(),
      progress: null,
      refusal: null,
      gated: [],
      sharedWith: [],
      imageVolumes: true,
      freshId: `id-${++ids}`,
      now: new Date(now),
      ...more,
    };
  };

  function perform(decision: Decision, { dies = false } = {}): void {
    if (dies) return;
    for (const act of decision.acts) {
      if (act.is === "createJob") create(act.order);
      if (act.is === "deleteJob") remove(act.name);
    }
  }

  function remove(name: string): void {
    for (const job of jobs) if (job.name === name) job.isDeleting = true;
    if (!slowDeletion) self.collect();
  }

  function create(order: RunOrder): void {
    // The API server's 409: the operator meets its own Job.
    if (jobs.some(({ name }) => name === order.job)) return;
    created.push(order);
    const { job: name, key, epoch, attempt, command, runId } = order;
    jobs.push({
      ...{ name, key, epoch, attempt, command, runId, order },
      uid: `uid-${name}`,
      generation: order.migration.metadata.generation,
      createdAt: new Date(now).toISOString(),
      isDeleting: false,
      outcome: { is: "starting", reason: null, message: "", pod: null },
      sidecars: false,
    });
  }

  const self = {
    jobs,
    /** Every Job that was ever created, in order. */
    created,
    get status(): Status {
      return status;
    },
    migration,
    observed,
    /** The status is lost. */
    forget(): void {
      status = {};
    },
    /** What was deleted is gone. */
    collect(): void {
      jobs.splice(0, jobs.length, ...jobs.filter(({ isDeleting }) => !isDeleting));
    },
    pass(ms: number): void {
      now += ms;
    },
    change(next: Record<string, unknown>): void {
      given = { ...given, ...next };
      generation++;
      resource = null;
    },
    annotate(next: Record<string, string>): void {
      asked = { ...asked, ...next };
      resource = null;
    },
    /** One reconcile: decides, keeps the status, and does what was decided unless the operator dies before that. */
    look(more: Partial<Observed> & { dies?: boolean } = {}): Decision {
      const { dies = false, ...rest } = more;
      const seen = observed(rest);
      const decision = decide(seen);
      status = statusOf(decision, seen);
      perform(decision, { dies });
      return decision;
    },
    /** The last Job that was made gets this outcome. */
    outcome(outcome: Outcome): void {
      const job = jobs.at(-1);
      if (job === undefined) throw new Error("there is no Job");
      job.outcome = outcome;
    },
    /** The last Job's run ends with a report of its own. `offMs`: how far the node's clock is ahead. */
    report(report: Partial<Report> = {}, offMs = 0): void {
      const job = jobs.at(-1);
      const identity = {
        runId: job?.runId ?? "",
        tag: `${job?.key}:${job?.epoch}`,
        command: job?.command ?? "migrate",
      };
      const at = new Date(now + offMs).toISOString();
      self.outcome({
        is: "reported",
        report: reportOf({ ...identity, ...report }),
        pod: "web-pod",
        startedAt: at,
        finishedAt: at,
      });
    },
    /** The run ended and left no report. */
    lose(reason: Extract<Outcome, { is: "lost" }>["reason"], retry = true): void {
      const at = new Date(now).toISOString();
      self.outcome({
        is: "lost",
        reason,
        retry,
        message: `lost: ${reason}`,
        pod: "web-pod",
        startedAt: at,
        finishedAt: at,
      });
    },
    /** Status and reason of a condition, as `True Applied`; null where it isn't there. */
    condition(type: string): string | null {
      const found = status.conditions?.find((condition) => condition.type === type);
      return found === undefined ? null : `${found.status} ${found.reason}`;
    },
    message(type = "Ready"): string {
      return status.conditions?.find((condition) => condition.type === type)?.message ?? "";
    },
  };
  return self;
}
