import { createHash } from "node:crypto";
import { jittered, sleep as sleepFor } from "../sleep.ts";
import { exchange } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import type { Outcome } from "./outcome.ts";
import { placeOf } from "./settle.ts";
import { headline } from "./text.ts";
import type { About } from "./text.ts";

const MOST_ALERTS = 20;

/** The body of a note: generic JSON, whose `text` is what Slack and its like show. */
export type Note = {
  text: string;
  source: "lockkeeper";
  status: string;
  /** The same for the same alerts, so that a receiver can tell a repetition. */
  fingerprint: string;
  checkedAt: string;
  endpoint: string;
  lookbackMinutes: number;
  /** Where the check ran: a page of GitHub's; "" elsewhere. */
  link: string;
  alertCount: number;
  /** The first 20. */
  alerts: Outcome["findings"];
};

export function noteOf(outcome: Outcome, about: About, link: string): Note {
  const alerts = outcome.findings.slice(0, MOST_ALERTS);
  const lines = [
    `Migrations: ${headline(outcome, about)}`,
    ...alerts.map(
      (found) =>
        `• ${[found.severity, found.code, placeOf(found)].filter((part) => part !== "").join(" ")}: ${found.message}`,
    ),
    ...(outcome.findings.length > MOST_ALERTS ? [`and ${outcome.findings.length - MOST_ALERTS} more`] : []),
  ];
  return {
    text: [...lines.map(forSlack), ...(link === "" ? [] : [link])].join("\n"),
    source: "lockkeeper",
    status: outcome.status,
    fingerprint: fingerprintOf(outcome),
    checkedAt: about.now.toISOString(),
    endpoint: about.where,
    lookbackMinutes: about.lookbackMinutes,
    link,
    alertCount: outcome.findings.length,
    alerts,
  };
}

/** Not of the messages: these tell how long ago, which changes by itself. */
function fingerprintOf({ status, findings }: Outcome): string {
  const kinds = findings.map(({ code, namespace, name }) => JSON.stringify([code, namespace, name]));
  const unique = [...new Set(kinds)].toSorted();
  return createHash("sha256")
    .update([status, ...unique].join("\n"))
    .digest("hex")
    .slice(0, 16);
}

/** Slack's escapes: no text is a link, or a mention that wakes a channel. Mattermost takes a plain `@all` for one. */
const forSlack = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("@", "@\u200B");

const PAUSES_MS = [1_000, 3_000];
const TIMEOUT_MS = 10_000;
const LONGEST_PAUSE_MS = 10_000;

export type Sending = { signal: AbortSignal; sleep?: typeof sleepFor };

/**
 * Sends a note, three times at most. Null, or why it wasn't taken: the URL is a secret, and so is what it answers. TLS is by what Node
 * trusts, NODE_EXTRA_CA_CERTS included: the endpoint's own CA isn't the webhook's.
 */
export async function sendNote(url: URL, note: string, { signal, sleep = sleepFor }: Sending): Promise<string | null> {
  const headers = { "content-type": "application/json; charset=utf-8", "user-agent": "lockkeeper-check" };
  const sent = {
    url,
    method: "POST" as const,
    headers,
    body: note,
    ca: null,
    timeoutMs: TIMEOUT_MS,
    maxBytes: 1_000_000,
    signal,
  };
  for (let tried = 1; ; tried++) {
    const answer = await exchange(sent);
    const { reason, again } = judge(answer);
    if (reason === null) return null;
    const pause = PAUSES_MS[tried - 1];
    if (!again || pause === undefined) return tried === 1 ? reason : `${reason}, tried ${tried} times`;
    await sleep(Math.max(jittered(pause), pauseOf(answer)), signal);
    signal.throwIfAborted();
  }
}

function judge(answer: Exchange): { reason: string | null; again: boolean } {
  switch (answer.kind) {
    case "late":
      return { reason: "it didn't answer in time", again: true };
    case "failed":
      return { reason: `it can't be reached (${answer.code})`, again: true };
    case "too-large":
    case "answer": {
      const { status } = answer;
      if (status >= 200 && status < 300) return { reason: null, again: false };
      if (status >= 300 && status < 400)
        return { reason: `it redirects (${status}), which isn't followed`, again: false };
      return { reason: `it answered ${status}`, again: status === 429 || status >= 500 };
    }
  }
}

const pauseOf = (answer: Exchange): number =>
  answer.kind === "answer" && /^\d{1,3}$/.test(answer.retryAfter)
    ? Math.min(Number(answer.retryAfter) * 1_000, LONGEST_PAUSE_MS)
    : 0;
