import { expect, test } from "vitest";
import { EXIT } from "../contract/exit-code.ts";
import { noFacts } from "./facts.ts";
import type { Facts } from "./facts.ts";
import { Failure } from "./failure.ts";
import type { FailureDetails } from "./failure.ts";
import { runError, runRow, statusOf } from "./run-row.ts";
import type { RunSettings } from "./settings.ts";

const failure = (details: FailureDetails, message = "0002_b: no"): Failure =>
  new Failure("42703", EXIT.failedMigration, message, details);

const facts = (applied: string[]): Facts => ({ ...noFacts(), ledger: { applied, reverted: [], lockWaitMs: 7 } });

test("nothing applied is SKIPPED, something is SUCCESS, a failure is FAILED, and a lock's is LOCK_TIMEOUT", () => {
  expect(statusOf(facts([]), null)).toBe("SKIPPED");
  expect(statusOf(facts(["a"]), null)).toBe("SUCCESS");
  expect(statusOf(facts(["a"]), failure({}))).toBe("FAILED");
  expect(statusOf(facts(["a"]), new Failure("55P03", EXIT.lockTimeout, "waited"))).toBe("LOCK_TIMEOUT");
  expect(statusOf(facts([]), new Failure("RUNNER_LOCK_TIMEOUT", EXIT.lockTimeout, "waited"))).toBe("LOCK_TIMEOUT");
});

test.each<[string, FailureDetails, string]>([
  ["nothing else", {}, "0002_b: no"],
  ["the file", { location: { file: "/d/2.sql" } }, "0002_b: no (/d/2.sql)"],
  ["file and line", { location: { file: "/d/2.sql", line: 3 } }, "0002_b: no (/d/2.sql:3)"],
  [
    "the statement too",
    { location: { file: "/d/2.sql", line: 3, statement: 2 } },
    "0002_b: no (/d/2.sql:3, statement 2)",
  ],
  ["statement without line", { location: { file: "/d/2.sql", statement: 2 } }, "0002_b: no (/d/2.sql, statement 2)"],
  ["the hint", { hint: "Do that." }, "0002_b: no. Do that."],
  ["the hint behind the place", { hint: "Do that.", location: { file: "f" } }, "0002_b: no (f). Do that."],
])("an error's text has %s", (_, details, message) => {
  expect(runError(failure(details)).message).toBe(message);
});

test("a message that begins with its file isn't told the place twice", () => {
  const error = runError(failure({ location: { file: "/d/2.sql", line: 3 } }, "/d/2.sql:3: is not valid UTF-8"));
  expect(error.message).toBe("/d/2.sql:3: is not valid UTF-8");
});

test("the detail, which can hold row data, never gets into an error or a row", () => {
  const told = failure({ detail: "Key (email)=(canary@x) exists", migration: "0002_b" });
  expect(runError(told)).toEqual({ code: "42703", message: "0002_b: no", migration: "0002_b" });
  const settings = { run: { id: "i", runner: "cli", source: "s", host: "h" } } as RunSettings;
  const [startedAt, finishedAt] = [new Date(1), new Date(2)];
  const row = runRow(settings, facts(["a"]), { startedAt, finishedAt, failure: told });
  expect(JSON.stringify(row)).not.toContain("canary");
  expect(row).toMatchObject({ status: "FAILED", applied: ["a"], lockWaitMs: 7, error: { migration: "0002_b" } });
});

test("a row without an end is RUNNING and has no version after", () => {
  const settings = { run: { id: "i", runner: "cli", source: "s", host: "h" } } as RunSettings;
  const row = runRow(settings, facts(["a"]), { startedAt: new Date(1), finishedAt: null, failure: null });
  expect(row).toMatchObject({
    id: "i",
    status: "RUNNING",
    runner: "cli",
    finishedAt: null,
    versionAfter: null,
    error: null,
  });
});
