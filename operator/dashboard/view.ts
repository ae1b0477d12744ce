/** What the page is told: of each resource a row, and of the one that somebody looks at all there is. Types alone: the page has them too. */
import type { Alert } from "../../contract/ops.ts";
import type { Condition, StatusRun } from "../../contract/resource/status.ts";

/** How a resource stands, the worst first. */
export const TONES = ["failing", "blocked", "warning", "running", "paused", "unknown", "ok"] as const;
export type Tone = (typeof TONES)[number];

export type Row = {
  namespace: string;
  name: string;
  tone: Tone;
  /** Of the condition Ready: why it is as it is, in one word, in a sentence, and since when. */
  reason: string;
  message: string;
  since: string | null;
  version: string;
  pending: number;
  /** Pods that wait at the gate for it. */
  gated: number;
  /** The image or ConfigMap that was run last. */
  source: string;
  alerts: Pick<Alert, "severity" | "code" | "message">[];
  /** How many there are besides those. */
  moreAlerts: number;
  /** What the last runs came to, newest first, and when the newest ended, or began where it goes on. */
  runs: StatusRun["status"][];
  lastRunAt: string | null;
};

export type Gated = { pod: string; since: string; waitsFor: string[] };

export type Detail = {
  row: Row;
  alerts: Alert[];
  conditions: Condition[];
  pendingNames: string[];
  applied: number;
  observedAt: string | null;
  database: string;
  telemetry: { available: boolean; reason: string } | null;
  gated: Gated[];
  runs: StatusRun[];
  /** Who was in the way of the newest run that got no lock, in the product's words, and what to do; "" where there is none. */
  blocked: { sentence: string; hint: string };
};

/** How far what is shown can be trusted. */
export type Health = {
  version: string;
  /** False: the caches are still being filled. */
  synced: boolean;
  /** How long ago the stalest watch heard of the API server. */
  heardMsAgo: number;
  /** Whether that is so long that news may be missing. */
  stale: boolean;
};

export const keyOf = ({ namespace, name }: Pick<Row, "namespace" | "name">): string => `${namespace}/${name}`;
