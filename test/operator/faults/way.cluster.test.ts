/** The way to the API server goes bad in every manner, and what the operator is at comes to its end all the same. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../../../operator/exit-code.ts";
import { compactEtcd, killApiServer } from "../api-server.ts";
import type { OperatorProcess } from "../operator-process.ts";
import type { ApiProxy } from "../proxy.ts";
import type { Action, ProxiedRequest } from "../proxy-rule.ts";
import { callOf, isFor } from "./calls.ts";
import { expectTruth } from "./invariants.ts";
import { LOCK_TIMEOUT, SUCCESS } from "./playbook.ts";
import { SCENES } from "./scenes.ts";
import { create, newNamespace, openStage, startHere, until, wayTo } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;
let way: ApiProxy;
let operator: OperatorProcess;
beforeAll(async () => {
  stage = await openStage();
  way = await wayTo(stage);
  operator = await startHere(stage, { way });
  await newNamespace(stage, "shop");
});
afterAll(async () => {
  for (const scope of [operator, way, stage]) await scope?.[Symbol.asyncDispose]();
});

const { retried, failing, stuck } = SCENES;
const all = async (prefix: string): Promise<void> => {
  const scenes = Object.entries({ retried, failing, stuck });
  await Promise.all(scenes.map(async ([name, scene]) => await scene(stage, "shop", `${prefix}-${name}`)));
};

const refusal = (code: number, reason: string, headers: Record<string, string> = {}): Action => ({
  ...{ status: code, headers },
  body: { kind: "Status", status: "Failure", code, reason, message: "a fault of the test" },
});

const ANSWERS: Record<string, Action> = {
  "a 409": refusal(409, "Conflict"),
  "a 429 with a Retry-After": refusal(429, "TooManyRequests", { "retry-after": "1" }),
  "a 429 without one": refusal(429, "TooManyRequests"),
  "a 500": refusal(500, "InternalError"),
  "a 503": refusal(503, "ServiceUnavailable"),
  "a 504": refusal(504, "Timeout"),
  "an answer that is no JSON": { status: 502, body: "<html>bad gateway</html>" },
  "a connection that breaks before the server sees it": { drop: true },
  "a connection that breaks after the server did it": { cutAfter: 0 },
  "a connection that breaks within the answer": { cutAfter: 40 },
};

test.concurrent.each(Object.keys(ANSWERS))("%s to the first two tries of every write", async (what) => {
  const name = `answer-${Object.keys(ANSWERS).indexOf(what)}`;
  const tries = new Map<string, number>();
  const done = way.rule((request) => {
    const call = callOf(request);
    // A 409 of a Job or an event says that it is there.
    if (!isFor(request, name) || (what === "a 409" && request.method === "POST")) return null;
    const count = (tries.get(call) ?? 0) + 1;
    tries.set(call, count);
    return count <= 2 ? (ANSWERS[what] ?? null) : null;
  });
  await retried(stage, "shop", name);
  expect(tries.size).toBeGreaterThan(3);
  done();
});

test("a start at which every first list and watch is refused, each in another way", async () => {
  await operator.stop();
  const seen = new Map<string, number>();
  const gone = { cutAfter: 0 };
  const faults = [refusal(410, "Expired"), ...Object.values(ANSWERS), gone];
  const done = way.rule((request) => {
    const call = callOf(request);
    if (request.method !== "GET" || (seen.get(call) ?? 0) >= 2) return null;
    seen.set(call, (seen.get(call) ?? 0) + 1);
    return faults[(seen.size * 2 + (seen.get(call) ?? 0)) % faults.length] ?? null;
  });
  const life = all("refused");
  operator = await startHere(stage, { way });
  await life;
  done();
});

test("watches that break in the middle of a line, again and again", async () => {
  let cuts = 0;
  const done = way.rule(({ watch }) => (watch && cuts++ < 10 ? { cutAfter: 700 + 137 * cuts } : null));
  way.cut(({ watch }) => watch);
  await all("cut");
  done();
});

test("watches that end with 410, as an answer and as a line", async () => {
  let times = 0;
  const line = `${JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } })}\n`;
  const done = way.rule(({ watch }) => {
    if (!watch || times++ > 7) return null;
    return times % 2 === 0 ? refusal(410, "Expired") : { status: 200, body: line };
  });
  way.cut(({ watch }) => watch);
  await all("expired");
  expect(times).toBeGreaterThan(5);
  done();
});

test("a stretch of 503, for all requests", async () => {
  const done = way.rule(() => refusal(503, "ServiceUnavailable"));
  way.cut();
  const life = all("stretch");
  await sleep(4_000);
  done();
  await life;
});

/**
 * What came before may have kept it from renewing. The first one from now may have been put off by a 503, and counts from when
 * it was first sent; when the third one is sent, the second was answered.
 */
async function renewed(): Promise<void> {
  const renewals = (): number =>
    way.requests.filter(({ method, path }) => method === "PUT" && path.includes("/leases/")).length;
  const before = renewals();
  await until("the lease is renewed", () => renewals() >= before + 3);
}

test("a silence that is shorter than the lease: it goes on leading", async () => {
  // Where a machine that is full made it too long, the second try has an operator again.
  if (operator.child.exitCode !== null) operator = await startHere(stage, { way });
  await renewed();
  way.stall();
  const done = way.rule(() => ({ silent: true }));
  const life = all(`short-${way.requests.length}`);
  await sleep(3_000);
  done();
  way.cut();
  // Nobody else would work on it.
  const { ended, lines } = operator;
  const unwanted = ended.then((how) => expect.unreachable(JSON.stringify([how, ...lines.slice(-20)])));
  await Promise.race([life, unwanted]);
  expect(operator.child.exitCode).toBeNull();
});

test("a silence that is longer than the lease ends it with 75, and the next one goes on", async () => {
  way.stall();
  const done = way.rule(() => ({ silent: true }));
  const life = all("long");
  expect((await operator.ended).code).toBe(EXIT.leaseLost);
  done();
  way.cut();
  operator = await startHere(stage, { way });
  await life;
});

test("a watch of pods that is behind that of Jobs: how a run ended is told all the same", async () => {
  const isPods = ({ path, query }: ProxiedRequest): boolean =>
    path === "/api/v1/pods" && !(query.get("labelSelector") ?? "").includes("job-name");
  const done = way.rule((request) => (isPods(request) ? refusal(500, "InternalError") : null));
  way.cut(isPods);
  const key = await create(stage, { namespace: "shop", name: "blind", plays: [LOCK_TIMEOUT, SUCCESS] });
  await expectTruth(stage, key, { is: "True Applied", runs: ["LOCK_TIMEOUT", "SUCCESS"] });
  await failing(stage, "shop", "blind-too");
  done();
});

test("an API server that is killed twice, with the past compacted away", async () => {
  // One that has just begun to listen knows no roles yet.
  await operator.stop();
  operator = await startHere(stage, { way, forbidden: /is forbidden/ });
  const scenes = all("restart");
  await killApiServer(stage.cluster);
  await scenes;
  // What happens now, no watch tells: it can only be listed.
  const done = way.rule(({ watch }) => (watch ? { drop: true } : null));
  way.cut(({ watch }) => watch);
  const life = all("compacted");
  await until("it is seen that they are there", () => stage.states.has("shop/compacted-retried"));
  await compactEtcd(stage.cluster);
  await killApiServer(stage.cluster);
  await sleep(1_000);
  done();
  await life;
  await expectTruth(stage, "shop/restart-failing", { is: "Stalled MigrationFailed", runs: ["FAILED"] });
});
