import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { earlyResult } from "../early-result.ts";
import type { RunEvent } from "../event.ts";
import { Failure } from "../failure.ts";
import type { RunResult } from "../result.ts";
import { fakeHost, screen } from "./host-fixture.ts";
import type { FakeHostOptions } from "./host-fixture.ts";
import { presenter, styleOf } from "./presenter.ts";
import { printer } from "./printer.ts";

const runId = "0193a0b0-0000-7000-8000-000000000000";
const ANSI = "\u001B[";
const RETRYING: RunEvent = {
  type: "retrying",
  migration: "0001_users",
  index: 1,
  total: 1,
  attempt: 1,
  of: 8,
  delayMs: 100,
  code: "55P03",
  reason: "blocked by pid 7",
};
const WARNING: RunEvent = { type: "warning", code: "SOURCE", message: "a file is odd" };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function shown(options: FakeHostOptions, { tells = false, json = false } = {}) {
  const host = fakeHost(options);
  const print = printer(host);
  const style = styleOf(host, { tells, json });
  return { host, print, style, present: await presenter(style, { host, print, runId, json }) };
}

function resultOf(differs: Partial<RunResult> = {}): RunResult {
  const at = new Date(0);
  const early = earlyResult({ runId, command: "migrate", startedAt: at, finishedAt: at, failure: null });
  return {
    ...early,
    status: "SUCCESS",
    disabled: false,
    applied: ["0001_users"],
    versionAfter: "0001_users",
    telemetry: { available: true, reason: "" },
    ...differs,
  };
}

function failedResult(): RunResult {
  const failure = new Failure("42P01", EXIT.failedMigration, "0001_users: relation does not exist");
  return resultOf({ status: "FAILED", exitCode: EXIT.failedMigration, applied: [], pending: ["0001_users"], failure });
}

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test.each<[string, FakeHostOptions, { tells: boolean; json: boolean }, string]>([
  ["a terminal shows progress", { isTTY: true }, { tells: false, json: false }, "terminal"],
  ["a terminal does so with --json too", { isTTY: true }, { tells: false, json: true }, "terminal"],
  ["a dumb one can't", { isTTY: true, variables: { TERM: "dumb" } }, { tells: false, json: false }, "lines"],
  ["a log gets lines", {}, { tells: false, json: false }, "lines"],
  ["what only tells something is text in a log", {}, { tells: true, json: false }, "text"],
  ["and lines with --json", {}, { tells: true, json: true }, "lines"],
])("%s", (_what, options, asked, style) => {
  expect(styleOf(fakeHost(options), asked)).toBe(style);
});

test("on a terminal lasting lines stay above the live line, and the summary goes to standard output", async () => {
  const { host, present } = await shown({ isTTY: true });
  present.onEvent({ type: "migrating", migration: "0001_users", index: 1, total: 1 });
  vi.advanceTimersByTime(200);
  present.onEvent(WARNING);
  present.onEvent(RETRYING);
  host.pass(200);
  vi.advanceTimersByTime(200);
  expect(screen(host.written().err)).toEqual([
    expect.stringMatching(/warning.*: a file is odd/),
    "0001_users: blocked by pid 7; trying again (1 of 8)",
    expect.stringContaining("0001_users"),
  ]);
  expect(host.written().out).toBe("");
  present.finished(resultOf());
  expect(screen(host.written().err).at(-1)).toBe("");
  expect(host.written().out).toBe("SUCCESS: 1 applied in 0 ms: 0001_users; the schema is at 0001_users now\n");
});

test("on a terminal a failure is told on standard error, in colour, with the summary, and nothing on standard output", async () => {
  const { host, present } = await shown({ isTTY: true });
  present.finished(failedResult());
  const { out, err } = host.written();
  expect(out).toBe("");
  expect(err).toContain(`${ANSI}31mMigrationFailed${ANSI}39m: 0001_users: relation does not exist (SQLSTATE 42P01)\n`);
  expect(err).toMatch(/FAILED.* after 0 ms: no migration was applied/);
});

test("NO_COLOR takes the colours, and leaves the live line", async () => {
  const { host, present } = await shown({ isTTY: true, variables: { NO_COLOR: "1" } });
  present.onEvent(WARNING);
  vi.advanceTimersByTime(200);
  present.finished(failedResult());
  const { err } = host.written();
  expect(err).toContain("warning: a file is odd\n");
  expect(err).toContain("MigrationFailed: 0001_users");
  expect(err.replaceAll("\r\u001B[2K", "")).not.toContain("\u001B");
});

test("on a terminal --json leaves standard output to the document", async () => {
  const { host, present } = await shown({ isTTY: true }, { json: true });
  present.onEvent(WARNING);
  present.finished(resultOf());
  expect(host.written().out).toBe("");
  expect(host.written().err).toContain("a file is odd");
});

test("in a log each event is a JSON line on standard output, without escapes, and nothing on standard error", async () => {
  const { host, present } = await shown({});
  present.onEvent(WARNING);
  present.onEvent(RETRYING);
  vi.advanceTimersByTime(1_000);
  present.finished(failedResult());
  const { out, err } = host.written();
  expect(err).toBe("");
  expect(out).not.toMatch(/[\r\u001B]/);
  expect(linesOf(out).map(({ event, level }) => `${String(event)} ${String(level)}`)).toEqual([
    "warning warn",
    "retrying warn",
    "finished error",
  ]);
  for (const line of linesOf(out)) expect(line["runId"]).toBe(runId);
});

test("with --json a log's lines go to standard error", async () => {
  const { host, present } = await shown({}, { json: true });
  present.onEvent(WARNING);
  present.finished(resultOf());
  expect(host.written().out).toBe("");
  expect(linesOf(host.written().err)).toHaveLength(2);
});

test("status in a pipe prints warnings and failures as plain text on standard error, and no progress", async () => {
  const { host, present } = await shown({}, { tells: true });
  present.onEvent({ type: "migrating", migration: "0001_users", index: 1, total: 1 });
  vi.advanceTimersByTime(1_000);
  present.onEvent(WARNING);
  present.failed(new Failure("UNREACHABLE", EXIT.unreachable, "no server", { hint: "Start it." }));
  expect(host.written()).toEqual({
    out: "",
    err: "warning: a file is odd\nUnreachable: no server\n  hint: Start it.\n",
  });
});

test("control characters of a message don't reach the terminal", async () => {
  const { host, present } = await shown({ isTTY: true, variables: { NO_COLOR: "1" } });
  present.onEvent({ type: "warning", code: "SOURCE", message: "a\u001B[2Jb\u0007" });
  expect(host.written().err).not.toMatch(/[\u001B\u0007]/);
});

test.each([{}, { isTTY: true }])("a secret is printed nowhere, even one that is known late: %j", async (options) => {
  const { host, print, present } = await shown(options);
  print.protect(["first-secret"]);
  present.onEvent({ type: "warning", code: "SOURCE", message: "first-secret" });
  print.protect(["second-secret"]);
  present.onEvent({ type: "warning", code: "SOURCE", message: "second-secret" });
  const { out, err } = host.written();
  expect(out + err).toContain("[redacted]");
  expect(out + err).not.toContain("-secret");
});
