import { expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { Failure, invalidInput } from "../failure.ts";
import { failureText } from "./failure-text.ts";

test("a failed migration is told with its SQLSTATE, file, line, statement, detail and hint", () => {
  const failure = new Failure("42703", EXIT.failedMigration, 'column "weigth" does not exist', {
    hint: "Correct the file, then run again.",
    detail: "first\nsecond",
    location: { file: "drizzle/0042_add_index.sql", line: 3, statement: 2 },
  });
  expect(failureText(failure)).toBe(
    [
      'MigrationFailed: column "weigth" does not exist (SQLSTATE 42703)',
      "  file: drizzle/0042_add_index.sql, line 3, statement 2",
      "  detail: first\n    second",
      "  hint: Correct the file, then run again.",
    ].join("\n"),
  );
});

test("what isn't known is left out", () => {
  expect(failureText(invalidInput("no command is given"))).toBe("InvalidInput: no command is given");
});

test("a SQLSTATE that the message has already isn't repeated", () => {
  const failure = new Failure("28P01", EXIT.unreachable, "the connection was refused (28P01)");
  expect(failureText(failure)).toBe("Unreachable: the connection was refused (28P01)");
});

test("a label that the message has already isn't repeated", () => {
  const failure = new Failure("55P03", EXIT.lockTimeout, "LockTimeout: 0042 waited 5 s");
  expect(failureText(failure)).toBe("LockTimeout: 0042 waited 5 s (SQLSTATE 55P03)");
});
