import { pino } from "pino";
import type { Failure } from "./failure.ts";
import type { RunEvent } from "./event.ts";
import { failureFields, resultFields } from "./result-fields.ts";
import type { RunResult } from "./result.ts";

export type Level = "info" | "warn" | "error";

/** Constant texts, one per event: a log is searched by them, and what differs is in the keys. */
const LINES = {
  connecting: { level: "warn", msg: "the database doesn't answer yet" },
  connected: { level: "info", msg: "connected" },
  reconnecting: { level: "warn", msg: "connection lost, connecting again" },
  "waiting-for-lock": { level: "info", msg: "waiting for the migration lock" },
  locked: { level: "info", msg: "migration lock taken" },
  "orphan-repaired": { level: "warn", msg: "a dead run's row was finished" },
  planned: { level: "info", msg: "planned" },
  migrating: { level: "info", msg: "migration started" },
  migrated: { level: "info", msg: "migration applied" },
  reverted: { level: "info", msg: "migration undone" },
  blocked: { level: "warn", msg: "migration waits for a lock" },
  retrying: { level: "warn", msg: "migration will be tried again" },
  warning: { level: "warn", msg: "warning" },
  cancelling: { level: "warn", msg: "stopping" },
} as const satisfies Record<RunEvent["type"], { level: Level; msg: string }>;

export type RunLogger = {
  event(event: RunEvent): void;
  finished(result: RunResult): void;
  failed(failure: Failure, exitCode: number): void;
};

/**
 * One JSON line per event: `level`, `time`, `runId`, `event`, the event's own keys, `msg`. `write` gets whole lines. Keys
 * are part of what the operator reads, so they don't change.
 */
export function runLogger(write: (line: string) => void, runId: string, now: () => Date): RunLogger {
  const log = pino(
    {
      base: { runId },
      timestamp: () => `,"time":"${now().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    { write },
  );
  return {
    event(event) {
      const { level, msg } = LINES[event.type];
      log[level]({ event: event.type, ...keysOf(event) }, msg);
    },
    finished(result) {
      const { runId: _runId, ...fields } = resultFields(result);
      const line = { event: "finished", ...fields, ...failureFields(result.failure) };
      if (result.exitCode === 0) log.info(line, "run finished");
      else log.error(line, "run failed");
    },
    failed(failure, exitCode) {
      const error = { code: failure.code, message: failure.message, migration: failure.details.migration ?? null };
      log.error({ event: "failed", exitCode, error, ...failureFields(failure) }, "run failed");
    },
  };
}

/** The event's own keys. The run's id is in every line, so a dead run's needs another name. */
function keysOf(event: RunEvent): Record<string, unknown> {
  if (event.type === "orphan-repaired") return { orphan: event.runId };
  const { type: _type, ...keys } = event;
  if (event.type !== "planned") return keys;
  const { runId: _runId, ...rest } = keys as Extract<RunEvent, { type: "planned" }>;
  return rest;
}
