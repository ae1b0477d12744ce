import { expect, test } from "vitest";
import { CODES } from "../../contract/code.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { REASONS } from "../../contract/resource/reason.ts";
import { reasonOf } from "./reason-of.ts";
import { report } from "./report-fixture.ts";

const failed = (exitCode: number, code: string) =>
  report({ outcome: "FAILED", exitCode, error: { code, message: "why", migration: null } });

test.each([
  [EXIT.lockTimeout, "55P03", "LockTimeout"],
  [EXIT.lockTimeout, "RUNNER_LOCK_TIMEOUT", "LockTimeout"],
  [EXIT.unreachable, "UNREACHABLE", "Unreachable"],
  [EXIT.unreachable, "LOCK_LOST", "Unreachable"],
  [EXIT.unreachable, "CONNECTION_REFUSED", "ConnectionRefused"],
  [EXIT.unreachable, "READ_ONLY", "ConnectionRefused"],
  [EXIT.cancelled, "CANCELLED", "Cancelled"],
  [EXIT.bug, "BUG", "RunnerFailed"],
  [99, "whatever", "RunnerFailed"],
])("exit code %i with %s is %s, and is tried again", (exitCode, code, reason) => {
  expect(reasonOf(failed(exitCode, code))).toEqual({ reason, retry: true });
});

test.each([
  [EXIT.failedMigration, "42P01", "MigrationFailed"],
  [EXIT.failedMigration, "57014", "MigrationFailed"],
  [EXIT.failedMigration, "MODULE", "MigrationFailed"],
  [EXIT.failedMigration, "UNCERTAIN", "MigrationFailed"],
  [EXIT.failedMigration, "42501", "PermissionDenied"],
  [EXIT.drift, "DRIFT", "Drift"],
  [EXIT.drift, "OUT_OF_ORDER", "Drift"],
  [EXIT.invalidInput, "INVALID_INPUT", "InvalidInput"],
  [EXIT.invalidInput, "INVALID_SOURCE", "InvalidSource"],
  [EXIT.invalidInput, "UNSUPPORTED_STATEMENT", "InvalidSource"],
  [EXIT.invalidInput, "PERMISSION", "PermissionDenied"],
  [EXIT.invalidInput, "POOLER", "InvalidInput"],
  [EXIT.invalidInput, "CONNECTION_REFUSED", "ConnectionRefused"],
  [EXIT.cancelled, "RUN_TIMEOUT", "RunTimeout"],
])("exit code %i with %s is %s, and isn't tried again", (exitCode, code, reason) => {
  expect(reasonOf(failed(exitCode, code))).toEqual({ reason, retry: false });
});

test("a run that is done says whether the database is ahead, or migrating is switched off", () => {
  expect(reasonOf(report())).toEqual({ reason: "Applied", retry: false });
  expect(reasonOf(report({ ahead: 2 })).reason).toBe("DatabaseAhead");
  expect(reasonOf(report({ outcome: "SKIPPED", disabled: true })).reason).toBe("Disabled");
});

test.each(Object.values(EXIT))("exit code %i has a reason whatever its error is called", (exitCode) => {
  for (const code of [...CODES, "constructor", "__proto__", ""]) {
    expect(Object.keys(REASONS)).toContain(reasonOf(failed(exitCode, code)).reason);
  }
  expect(Object.keys(REASONS)).toContain(reasonOf(report({ exitCode, error: null })).reason);
});
