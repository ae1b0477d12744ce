/** Who leads when processes stop, and what a wrong clock changes: nothing. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../../../operator/exit-code.ts";
import { isFor, isWrite, callOf } from "./calls.ts";
import { expectTruth } from "./invariants.ts";
import { LOCK_TIMEOUT, SUCCESS } from "./playbook.ts";
import { SCENES } from "./scenes.ts";
import { create, latest, newNamespace, openStage, startHere, until, wayTo } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
  await newNamespace(stage, "shop");
});
afterAll(async () => await stage?.[Symbol.asyncDispose]());

const leads = ({ msg }: { msg?: string }): boolean => msg === "leading";
const { retried, failing, stuck, followed } = SCENES;

test("an old leader that was stopped past its lease does nothing more when it goes on, and what it had sent does no harm", async () => {
  await using oldWay = await wayTo(stage);
  await using newWay = await wayTo(stage);
  await using old = await startHere(stage, { way: oldWay, pod: "old" });
  await old.line(leads);
  await using next = await startHere(stage, { way: newWay, pod: "next" });

  // On its way for longer than the lease: it arrives when the next one has made that Job.
  let isSent = false;
  oldWay.rule((request) => {
    if (request.method !== "POST" || !request.path.endsWith("/jobs") || !isFor(request, "late")) return null;
    isSent = true;
    return { pass: true, delay: 22_000 };
  });
  const late = await create(stage, { namespace: "shop", name: "late", plays: [LOCK_TIMEOUT, SUCCESS] });
  await until("its Job is asked for", () => isSent);
  old.child.kill("SIGSTOP");
  const others = Promise.all([retried(stage, "shop", "while-stopped"), failing(stage, "shop", "while-stopped-too")]);
  await next.line(leads);
  await expectTruth(stage, late, { is: "True Applied", runs: ["LOCK_TIMEOUT", "SUCCESS"] });
  await others;

  const before = oldWay.requests.length;
  const life = stuck(stage, "shop", "after");
  old.child.kill("SIGCONT");
  expect((await old.ended).code).toBe(EXIT.leaseLost);
  const calls = oldWay.requests.slice(before).map(callOf);
  // An event tells of what it had written before.
  const harmless = /^(PUT leases|POST events)/;
  expect(calls.filter((call) => isWrite(call) && !harmless.test(call))).toEqual([]);
  await life;
  expect(next.child.exitCode).toBeNull();
});

test("of two at once one works, and the other goes on when that one is killed or stopped", async () => {
  await using way = await wayTo(stage);
  await using first = await startHere(stage, { way, pod: "first" });
  await first.line(leads);
  await using second = await startHere(stage, { way, pod: "second" });
  await retried(stage, "shop", "both");
  const life = followed(stage, "shop", "handed-over");
  await sleep(500);
  await first.stop();
  await second.line(leads);
  await life;
  expect(second.lines.filter(({ msg }) => msg === "job created")).toEqual([]);
});

const MINUTES = 60_000;
const preload = fileURLToPath(new URL("shift-clock.ts", import.meta.url));

test.each([
  ["the operator's clock is 10 minutes ahead", 10 * MINUTES, 0],
  ["the operator's clock is 10 minutes behind", -10 * MINUTES, 0],
  ["the nodes' clocks are 10 minutes ahead", 0, 10 * MINUTES],
  ["the nodes' clocks are 10 minutes behind", 0, -10 * MINUTES],
])("%s: it leads, retries after the pause, and tells the cluster's time", async (what, offMs, nodesOffMs) => {
  const name = what.replaceAll(/[^a-z0-9]+/g, "-");
  stage.kubelet.offMs = nodesOffMs;
  await using way = await wayTo(stage);
  const env = { NODE_OPTIONS: `--import=${preload}`, CLOCK_OFF_MS: String(offMs) };
  await using operator = await startHere(stage, { way, env });
  await operator.line(leads);
  const begun = Date.now();
  const retry = { backoff: "2s" };
  const key = await create(stage, { namespace: "shop", name, plays: [LOCK_TIMEOUT, SUCCESS] }, { retry });
  const runsThere = ["LOCK_TIMEOUT", "SUCCESS"];
  await expectTruth(stage, key, { is: "True Applied", runs: runsThere, nodesDiffer: nodesOffMs !== 0 });
  const ended = Date.now();
  expect(ended - begun).toBeGreaterThan(1_000);

  const states = stage.states.get(key) ?? [];
  const conditions = states.flatMap(({ status }) => status?.conditions ?? []);
  expect([...new Set(conditions.map(({ reason }) => reason))].toSorted()).toEqual([
    "Applied",
    "InSync",
    "LockTimeout",
    "Pending",
  ]);
  // Seconds are cut off in conditions, and an answer's date tells no more than the second.
  const slack = 2_500;
  const near = (text: string, ahead = 0): boolean =>
    Date.parse(text) > begun + ahead - slack && Date.parse(text) < ended + ahead + slack;
  expect(conditions.filter(({ lastTransitionTime }) => !near(lastTransitionTime))).toEqual([]);
  const runs = latest(stage, key)?.status?.runs ?? [];
  expect(runs.filter(({ finishedAt }) => !near(finishedAt ?? "", nodesOffMs))).toEqual([]);
  expect(operator.child.exitCode).toBeNull();
  stage.kubelet.offMs = 0;
});
