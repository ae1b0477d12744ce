import { expect } from "vitest";
import { redact, secretsOf } from "../../contract/redact.ts";
import { REASONS } from "../../contract/resource/reason.ts";
import { Status } from "../../contract/resource/status.ts";
import type { Condition } from "../../contract/resource/status.ts";

/** A DatabaseMigration as the API server has it. */
export type RawResource = {
  metadata: { generation?: number | undefined };
  spec?: unknown;
  status?: unknown;
};

export type ValidStatusOptions = {
  /** Passwords and connection strings of the test: none may be found in any form. */
  canaries?: readonly string[];
};

/**
 * Fails with each rule that the status breaks: the API conventions (sig-architecture/api-conventions.md, "Typical status
 * properties"), what kstatus makes of conditions, and our own of gate.md. For a resource at any moment after the operator's
 * first visit.
 */
export function expectValidStatus(resource: RawResource, options: ValidStatusOptions = {}): void {
  expect(statusViolations(resource, options), JSON.stringify(resource.status, null, 2)).toEqual([]);
}

type Seen = { generation: number; historyLimit: number; raw: Record<string, unknown>; status: Status };
type Rule = (seen: Seen) => (string | false)[];

/** The same as a list of sentences. */
export function statusViolations(resource: RawResource, { canaries = [] }: ValidStatusOptions = {}): string[] {
  const raw = (resource.status ?? {}) as Record<string, unknown>;
  const parsed = Status.safeParse(raw);
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `status.${path.join(".")}: ${message}`);
  const { historyLimit = 20 } = (resource.spec ?? {}) as { historyLimit?: number };
  const seen = { generation: resource.metadata.generation ?? 0, historyLimit, raw, status: parsed.data };
  const broken = RULES.flatMap((rule) => rule(seen)).filter((violation) => violation !== false);
  return [...broken, ...credentials(JSON.stringify(raw), canaries)];
}

const TYPES = ["Ready", "Reconciling", "Stalled", "Drifted", "SharedDatabase"];
const READY_REASONS = ["Applied", "DatabaseAhead"];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const conditions: Rule = ({ status }) =>
  (status.conditions ?? []).flatMap(({ type, status: is, reason, lastTransitionTime: at }, i, all) => [
    !TYPES.includes(type) && `${type} is no condition of ours`,
    all.findIndex((other) => other.type === type) !== i && `${type} is there twice`,
    !/^[A-Z][A-Za-z0-9]*$/.test(reason) && `${type} has the reason "${reason}", which isn't CamelCase`,
    !Object.hasOwn(REASONS, reason) && `${type} has the reason "${reason}", which is none of REASONS`,
    !isTime(at) && `${type} changed at "${at}", which is no time as of RFC 3339`,
    ["Reconciling", "Stalled"].includes(type) && is !== "True" && `${type} is there although it is ${is}`,
  ]);

/** A sentence for people: with an end, and without what a program that lacks a value prints. */
const messages: Rule = ({ status }) =>
  (status.conditions ?? []).flatMap(({ type, message }) => [
    message === "" && `${type} has no message`,
    message !== message.trim() && `${type}'s message has space around it: "${message}"`,
    /[:;,([{-]$/.test(message) && `${type}'s message ends in the middle: "${message}"`,
    /[\p{Cc}\uFFFD]/u.test(message) &&
      `${type}'s message has characters that can't be printed: ${JSON.stringify(message)}`,
    /\b(undefined|NaN|Invalid Date)\b|\[object /.test(message) && `${type}'s message lacks a value: "${message}"`,
  ]);

const generations: Rule = ({ generation, status }) => [
  status.observedGeneration === undefined && "status.observedGeneration isn't there",
  (status.observedGeneration ?? 0) > generation &&
    `status.observedGeneration is newer than the generation ${generation}`,
  ...(status.conditions ?? []).map(
    ({ type, observedGeneration: seen }) =>
      seen > generation && `${type} has observed the generation ${seen}, and the newest is ${generation}`,
  ),
];

const summary: Rule = ({ status }) => {
  const [ready, reconciling, stalled] = ["Ready", "Reconciling", "Stalled"].map((type) => find(status, type));
  const going = reconciling !== undefined || stalled !== undefined;
  return [
    ready === undefined && "Ready isn't there: it is from the first visit on",
    reconciling !== undefined && stalled !== undefined && "Reconciling and Stalled are there at once",
    ready?.status === "True" && going && "Ready is True beside Reconciling or Stalled",
    ready?.status === "True" && !READY_REASONS.includes(ready.reason) && `Ready is True because of ${ready.reason}`,
    ready !== undefined &&
      ready.status !== "True" &&
      !going &&
      ready.reason !== "Suspended" &&
      `Ready is ${ready.status} (${ready.reason}) without Reconciling or Stalled: kstatus takes that for work that goes on`,
  ];
};

const noPhase: Rule = ({ raw }) => ["phase" in raw && "status.phase is deprecated by the API conventions"];

const releases: Rule = ({ status: { releases: all = [], epoch = 0 } }) => [
  ...all.map(({ key }, i) => all.findIndex((other) => other.key === key) !== i && `the release ${key} is there twice`),
  all.filter(({ state }) => state === "Running").length > 1 && "more than one release is Running",
  ...all.map(
    (release) => release.epoch > epoch && `the release ${release.key} is of epoch ${release.epoch}, after ${epoch}`,
  ),
  ...all.map(
    ({ key, state, job, runId }) =>
      state === "Running" && (!job || !runId) && `the release ${key} is Running without a run`,
  ),
];

const runs: Rule = ({ historyLimit, status: { runs: all = [] } }) => [
  ...all.map(({ id }, i) => all.findIndex((other) => other.id === id) !== i && `the run ${id} is there twice`),
  ...all.map(({ id, startedAt }, i) => {
    const newer = all[i - 1]?.startedAt;
    const outOfOrder = newer !== undefined && startedAt !== undefined && Date.parse(startedAt) > Date.parse(newer);
    return outOfOrder && `the run ${id} stands behind an older one`;
  }),
  ...all.flatMap(({ id, status, startedAt, finishedAt }) => [
    startedAt !== undefined && !isTime(startedAt) && `the run ${id} started at "${startedAt}", which is no time`,
    finishedAt !== undefined && !isTime(finishedAt) && `the run ${id} ended at "${finishedAt}", which is no time`,
    status === "RUNNING" && finishedAt !== undefined && `the run ${id} is RUNNING and has ended`,
    status !== "RUNNING" && finishedAt === undefined && `the run ${id} is ${status} and hasn't ended`,
  ]),
  all.length > historyLimit && `${all.length} runs are kept, and historyLimit is ${historyLimit}`,
];

const RULES = [conditions, messages, generations, summary, noPhase, releases, runs];

/** Told without the text itself: a test's output isn't the place for it either. */
function credentials(text: string, canaries: readonly string[]): string[] {
  const forms = canaries.flatMap((canary) => [
    canary,
    ...secretsOf(canary),
    ...secretsOf(`postgres://u:${canary}@h/d`),
  ]);
  return [
    ...(redact(text, []) === text ? [] : ["the status holds what looks like a credential"]),
    ...(forms.some((form) => form !== "" && text.includes(form)) ? ["the status holds a canary"] : []),
  ];
}

const find = (status: Status, type: string): Condition | undefined =>
  status.conditions?.find((condition) => condition.type === type);

const isTime = (text: string): boolean => TIME.test(text) && !Number.isNaN(Date.parse(text));
