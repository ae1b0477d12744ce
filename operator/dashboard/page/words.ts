import { formatDuration } from "../../../contract/duration.ts";
import { ageText } from "../../../contract/ops-message.ts";
import type { StatusRun } from "../../../contract/resource/status.ts";
import type { Row, Tone } from "../view.ts";

export const TONE_WORDS: Record<Tone, string> = {
  failing: "Failing",
  blocked: "Blocked",
  warning: "Warning",
  running: "Running",
  paused: "Paused",
  unknown: "Not ready",
  ok: "Applied",
};

/** `3 min ago`; "" where it isn't known. */
export function ago(time: string | null | undefined, now = Date.now()): string {
  const then = Date.parse(time ?? "");
  return Number.isNaN(then) ? "" : `${ageText(now - then)} ago`;
}

/** The reader's own time zone, to the second. */
export function at(time: string | null | undefined): string {
  const date = new Date(time ?? "");
  return Number.isNaN(date.getTime()) ? "" : MOMENT.format(date);
}

const MOMENT = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

export const clock = (date: Date): string => CLOCK.format(date);

/** How long a run took, ms; null while it goes on. */
export function tookMs({ startedAt, finishedAt }: StatusRun): number | null {
  const ms = Date.parse(finishedAt ?? "") - Date.parse(startedAt ?? "");
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

export const took = (run: StatusRun): string => {
  const ms = tookMs(run);
  return ms === null ? "" : formatDuration(ms);
};

/** The image's last part, which is what differs: `web:1.4.2` of `ghcr.io/acme/web:1.4.2`. */
export const shortSource = (source: string): string => source.slice(source.lastIndexOf("/") + 1);

export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

/** `1 of 1: 0013; waiting 3 s for public.workouts, blocked by pid 47 (...)`, divided where it says who blocks. */
export function divided(message: string): { before: string; blocker: string } {
  const start = message.indexOf("blocked by ");
  if (start === -1) return { before: message, blocker: "" };
  return { before: message.slice(0, start).replace(/[,;] $/, ""), blocker: message.slice(start) };
}

export const wordsOf = ({ namespace, name, tone, reason, message, version, source }: Row): string =>
  `${namespace}/${name} ${TONE_WORDS[tone]} ${reason} ${message} ${version} ${source}`.toLowerCase();
