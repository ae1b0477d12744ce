import { expect, test } from "vitest";
import { Failure } from "./failure.ts";
import type { RunEvent } from "./event.ts";
import { runLogger } from "./log.ts";

const RUN_ID = "0193a0b0-0000-7000-8000-000000000000";
const AT = "2026-03-01T12:00:00.000Z";

function logged(...events: RunEvent[]): Record<string, unknown>[] {
  const lines: string[] = [];
  const log = runLogger(
    (line) => lines.push(line),
    RUN_ID,
    () => new Date(AT),
  );
  for (const event of events) log.event(event);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("a line has level, time, run, event, the event's own keys and a constant text", () => {
  const step = { migration: "0007_add_sets", index: 3, total: 12 };
  expect(logged({ type: "migrated", ...step, durationMs: 4, mode: "transaction" })).toEqual([
    {
      level: "info",
      time: AT,
      runId: RUN_ID,
      event: "migrated",
      ...step,
      durationMs: 4,
      mode: "transaction",
      msg: "migration applied",
    },
  ]);
});

test("the text doesn't change with the data, a warning's own message neither", () => {
  const [first, second] = logged(
    { type: "warning", code: "SOURCE", message: "an orphan file" },
    { type: "warning", code: "TELEMETRY", message: "no right" },
  );
  expect(first).toMatchObject({ level: "warn", msg: "warning", code: "SOURCE", message: "an orphan file" });
  expect(second).toMatchObject({ msg: "warning", message: "no right" });
});

test("a line has one run id: the run's own", () => {
  const lines: string[] = [];
  const log = runLogger(
    (line) => lines.push(line),
    RUN_ID,
    () => new Date(AT),
  );
  log.event({ type: "planned", runId: RUN_ID, pending: 1, applied: 2, available: 3, version: null });
  log.event({ type: "orphan-repaired", runId: "another" });
  for (const line of lines) expect(line.match(/"runId"/g)).toHaveLength(1);
  expect(JSON.parse(lines[1] ?? "")).toMatchObject({ runId: RUN_ID, orphan: "another" });
});

test("a failure's line has code, place, hint and detail", () => {
  const lines: string[] = [];
  const failure = new Failure("42703", 11, "column is missing", {
    hint: "Correct it.",
    detail: "row data",
    location: { file: "a.sql", line: 3 },
    migration: "a",
  });
  runLogger(
    (line) => lines.push(line),
    RUN_ID,
    () => new Date(AT),
  ).failed(failure, failure.exitCode);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "error",
    event: "failed",
    exitCode: 11,
    error: { code: "42703", message: "column is missing", migration: "a" },
    location: { file: "a.sql", line: 3 },
    hint: "Correct it.",
    detail: "row data",
    msg: "run failed",
  });
});
