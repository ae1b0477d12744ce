import { pino } from "pino";
import { redact } from "../contract/redact.ts";
import { ApiError } from "./api/api.ts";
import { Misconfigured } from "./misconfigured.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Write = (fields: Record<string, unknown>, text: string) => void;

/** The text is constant, so that a log can be searched by it; what differs is in the fields. */
export type Log = Record<LogLevel | "fatal", Write>;

/** A field's text is cut here: what comes from the cluster may be as long as its writer likes. */
const LONGEST_TEXT = 2_000;
/** With the user's name before it. */
const LONGEST_SECRET = 1_500;
const DEEPEST = 4;
const MOST_ENTRIES = 50;

export type LogOptions = { level: LogLevel; write: (line: string) => void; wall: () => number };

/**
 * One JSON line per call: `level`, `time`, the fields, `msg`. Every text in the fields is bounded, and what looks like a
 * password in it is taken out: any of them may have come from outside. An error shows what it is; its stack too if it is
 * none of those that are expected.
 */
export function openLog({ level, write, wall }: LogOptions): Log {
  const log = pino(
    {
      base: null,
      level,
      timestamp: () => `,"time":"${new Date(wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  const writer =
    (method: LogLevel | "fatal"): Write =>
    (fields, text) => {
      if (log.isLevelEnabled(method)) log[method](cleaned(fields, DEEPEST) as object, text);
    };
  return {
    debug: writer("debug"),
    info: writer("info"),
    warn: writer("warn"),
    error: writer("error"),
    fatal: writer("fatal"),
  };
}

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value === "string") return bounded(value);
  if (value instanceof Error) return cleaned(errorFields(value), depth);
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return "[nested]";
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((entry) => cleaned(entry, depth - 1));
  const entries = Object.entries(value).slice(0, MOST_ENTRIES);
  return Object.fromEntries(entries.map(([key, entry]) => [bounded(key), cleaned(entry, depth - 1)]));
}

/** Cut before too, so that no text is searched at any length: the rest is longer than any password that is looked for. */
function bounded(text: string): string {
  const clean = redact(text.slice(0, LONGEST_TEXT + LONGEST_SECRET), []);
  return clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT).toWellFormed()}...` : clean;
}

function errorFields(error: Error): Record<string, unknown> {
  const { name, message, cause } = error;
  const because = cause === undefined ? {} : { cause };
  if (error instanceof ApiError) return { name, message, status: error.status, reason: error.reason, ...because };
  if (error instanceof Misconfigured) return { name, message, hint: error.hint, ...because };
  return { name, message, stack: error.stack, ...because };
}
