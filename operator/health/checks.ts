import { formatDuration } from "../../contract/duration.ts";
import type { Clock } from "../clock.ts";
import type { Leading } from "../leader/term.ts";
import type { Check } from "./check.ts";
import type { Pulse } from "./pulse.ts";

/** An event loop that is late by more than this doesn't do its work. */
const LATE_MS = 10_000;
/** A watch that has heard nothing for so long, not even a bookmark (about one a minute), may have missed anything. */
const STALE_MS = 120_000;

const seconds = (ms: number): string => formatDuration(Math.round(ms / 1_000) * 1_000);

export const eventLoop =
  (pulse: Pulse): Check =>
  () => {
    const lateMs = Math.round(pulse.lateMs());
    return { name: "event-loop", ok: lateMs <= LATE_MS, text: `${lateMs} ms late` };
  };

/** Never fails: nothing is decided by the wall clock, but who reads our times should know. */
export const wallClock =
  (pulse: Pulse): Check =>
  () => {
    const jump = pulse.jump();
    if (jump === null) return { name: "clock", ok: true, text: "steady" };
    const direction = jump.byMs > 0 ? "forward" : "back";
    const text = `jumped ${direction} by ${seconds(Math.abs(jump.byMs))}, ${seconds(jump.agoMs)} ago`;
    return { name: "clock", ok: true, text };
  };

/** `leading` gives null for a replica that stands by. */
export const leader =
  (leading: () => Leading | null, clock: Clock): Check =>
  () => {
    const term = leading();
    if (term === null) return { name: "leader", ok: true, text: "standing by" };
    if (!term.leads()) return { name: "leader", ok: false, text: "the lease is over" };
    return { name: "leader", ok: true, text: `leading, for ${seconds(term.leadsUntil() - clock.now())} at least` };
  };

export const cachesSynced =
  (caches: { isSynced(): boolean }): Check =>
  () => {
    const ok = caches.isSynced();
    return { name: "caches", ok, text: ok ? "synced" : "not synced yet" };
  };

export const watchesFresh =
  (caches: { freshAt(): number }, clock: Clock): Check =>
  () => {
    const ageMs = clock.now() - caches.freshAt();
    const ok = ageMs < STALE_MS;
    const text = Number.isFinite(ageMs) ? `heard of the API server ${seconds(ageMs)} ago` : "nothing heard yet";
    return { name: "watches", ok, text };
  };

export const notStopping =
  (signal: AbortSignal): Check =>
  () => ({ name: "process", ok: !signal.aborted, text: signal.aborted ? "stopping" : "running" });
