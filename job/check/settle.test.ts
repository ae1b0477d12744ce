import { describe, expect, test } from "vitest";
import type { OpsPayload } from "../../contract/ops.ts";
import { alert, opsPayload, working } from "../../test/check/stand-in.ts";
import { invalidInput } from "../failure.ts";
import type { Answer } from "./answer.ts";
import { readPayload } from "./payload.ts";
import { settle, whyAgain } from "./settle.ts";

const told = (payload: OpsPayload): Answer => {
  const read = readPayload(JSON.stringify(payload));
  if (typeof read === "string") throw new Error(read);
  return { kind: "told", told: read };
};
const critical = (...codes: Parameters<typeof alert>[0][]): Answer =>
  told(opsPayload({ status: "critical", alerts: codes.map((code) => alert(code)) }));
const problem = (heals: boolean, pauseMs = 0): Answer => ({
  kind: "problem",
  failure: invalidInput("it can't be asked"),
  heals,
  pauseMs,
});

describe("it is worth asking again", () => {
  test.each<[string, Answer, RegExp | null]>([
    ["all is well", told(opsPayload()), null],
    ["a warning", told(opsPayload({ status: "warning", alerts: [alert("LOCK_WAIT", { severity: "warning" })] })), null],
    [
      "a run at work, though nothing is critical",
      told(working(2)),
      /kubernetes-job is at work on shop\/web, 2 pending/,
    ],
    ["pending migrations that a run may come for", critical("PENDING_MIGRATIONS"), /PENDING/],
    ["a database that is down", critical("STALE_TELEMETRY"), /STALE/],
    ["a lock timeout, which is tried again", critical("RECENT_LOCK_TIMEOUT"), /LOCK_TIMEOUT/],
    ["a dead run, which somebody may find", critical("STUCK_RUN"), /STUCK/],
    ["a failure", critical("RECENT_FAILURE", "PENDING_MIGRATIONS"), null],
    ["drift", critical("DRIFT"), null],
    ["a failure that a run at work may cure", told(working(1, [alert("RECENT_FAILURE")])), /at work/],
    ["a run that has no heartbeat and drift", told(working(1, [alert("STUCK_RUN"), alert("DRIFT")])), null],
    ["critical for a reason that isn't told", told(opsPayload({ status: "critical" })), /no alert says why/],
    ["a problem that may pass", problem(true), /can't be asked/],
    ["a problem that stays", problem(false), null],
  ])("or not: %s", (_, answer, reason) => {
    if (reason === null) expect(whyAgain(answer)).toBeNull();
    else expect(whyAgain(answer)).toMatch(reason);
  });
});

/** A clock that only pauses move, and an endpoint that answers with each of these, and then always with the last one. */
async function settled(answers: Answer[], waitMs: number, controller = new AbortController()) {
  let [time, count] = [0, 0];
  const pauses: number[] = [];
  const reasons: string[] = [];
  const found = await settle(async () => answers[Math.min(count++, answers.length - 1)] as Answer, {
    waitMs,
    signal: controller.signal,
    now: () => new Date(time),
    onAgain: (reason) => void reasons.push(reason),
    sleep: async (ms) => {
      pauses.push(ms);
      time += ms;
    },
  });
  return { ...found, pauses, reasons };
}

describe("settling", () => {
  test("asks once where the answer will stay, and not at all again without time", async () => {
    expect(await settled([told(opsPayload())], 60_000)).toMatchObject({ asked: 1, unsettled: null, pauses: [] });
    expect(await settled([problem(true)], 0)).toMatchObject({ asked: 1, unsettled: "it can't be asked", pauses: [] });
  });

  test("asks until it is well, in growing pauses, and tells each reason once", async () => {
    const answers = [problem(true), problem(true), told(working(2)), told(working(2)), told(opsPayload())];
    const found = await settled(answers, 60_000);
    expect(found).toMatchObject({ asked: 5, unsettled: null, pauses: [1_000, 2_000, 3_000, 5_000] });
    expect(found.reasons).toHaveLength(2);
  });

  test("ends within its time, with the last answer", async () => {
    const found = await settled([critical("PENDING_MIGRATIONS")], 20_000);
    expect(found.pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(20_000);
    expect(found).toMatchObject({ unsettled: expect.stringMatching(/PENDING/), answer: { kind: "told" } });
  });

  test("waits as long as the endpoint asks for, or gives up where that is too long", async () => {
    expect(await settled([problem(true, 12_000), told(opsPayload())], 60_000)).toMatchObject({ pauses: [12_000] });
    expect(await settled([problem(true, 3_600_000)], 60_000)).toMatchObject({ asked: 1, pauses: [] });
  });

  test("is cancelled by its signal", async () => {
    const controller = new AbortController();
    controller.abort("SIGTERM");
    await expect(settled([problem(true)], 60_000, controller)).rejects.toMatchObject({ exitCode: 15 });
  });
});
