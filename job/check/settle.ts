import { sleep as sleepFor } from "../sleep.ts";
import { stopped } from "../stopped.ts";
import type { Answer } from "./answer.ts";
import type { Told } from "./payload.ts";

/** What nobody's waiting has ever cured. While a run is at work it may yet be what cures them. */
const STAY: ReadonlySet<string> = new Set(["DRIFT", "RECENT_FAILURE"]);

/** Why it is worth asking again, or null where the answer will stay as it is. */
export function whyAgain(answer: Answer): string | null {
  if (answer.kind === "problem") return answer.heals ? answer.failure.message : null;
  const { told } = answer;
  const working = atWork(told);
  if (working !== null) return working;
  const critical = told.alerts.filter(({ severity }) => severity === "critical");
  if (told.status !== "critical" || critical.some(({ code }) => STAY.has(code))) return null;
  return critical[0]?.message ?? "it is critical, and no alert says why";
}

/** A run that goes on with its heart beating: a dead one's alert is told instead. */
function atWork({ alerts, migrations }: Told): string | null {
  for (const { namespace, name, pendingCount, recentRuns } of migrations) {
    const stuck = alerts.some(
      (alert) => alert.code === "STUCK_RUN" && alert.namespace === namespace && alert.name === name,
    );
    const run = recentRuns.find(({ status }) => status === "RUNNING");
    if (run !== undefined && !stuck)
      return `a run of ${run.runner} is at work on ${placeOf({ namespace, name })}, ${pendingCount} pending`;
  }
  return null;
}

/** `shop/web`, or the database's name alone. */
export const placeOf = ({ namespace, name }: { namespace: string; name: string }): string =>
  namespace === "" ? name : `${namespace}/${name}`;

export type Settling = {
  waitMs: number;
  signal: AbortSignal;
  now: () => Date;
  /** Told when it asks again for another reason than before. */
  onAgain: (reason: string, leftMs: number) => void;
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
};

export type Settled = {
  answer: Answer;
  /** Why it would have asked again, had there been time; null: it settled. */
  unsettled: string | null;
  asked: number;
};

const PAUSES_MS = [1_000, 2_000, 3_000];
const LONGEST_PAUSE_MS = 5_000;

/** Asks until the answer will stay as it is, for at most `waitMs`. Throws a Failure when it is cancelled. */
export async function settle(ask: () => Promise<Answer>, settling: Settling): Promise<Settled> {
  const { waitMs, signal, now, onAgain, sleep = sleepFor } = settling;
  const until = now().getTime() + waitMs;
  let before = "";
  for (let asked = 1; ; asked++) {
    const answer = await askOnce(ask, signal);
    const reason = whyAgain(answer);
    if (reason === null) return { answer, unsettled: null, asked };
    const left = until - now().getTime();
    const pause = Math.max(PAUSES_MS[asked - 1] ?? LONGEST_PAUSE_MS, answer.kind === "problem" ? answer.pauseMs : 0);
    if (left < pause) return { answer, unsettled: reason, asked };
    if (reason !== before) onAgain(reason, left);
    before = reason;
    await sleep(pause, signal);
    if (signal.aborted) throw stopped(signal);
  }
}

async function askOnce(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (signal.aborted) throw stopped(signal);
    throw error;
  }
}
