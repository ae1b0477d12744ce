import { expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { Failure } from "../failure.ts";
import { withoutSecrets } from "./without-secrets.ts";

const secrets = ["canary-secret"];

test("texts are cleaned wherever they stand, and the rest stays what it is", () => {
  const at = new Date(0);
  const given = { a: ["x canary-secret"], b: { c: "canary-secret" }, n: 1, none: null, at };
  expect(withoutSecrets(given, secrets)).toEqual({ a: ["x [redacted]"], b: { c: "[redacted]" }, n: 1, none: null, at });
});

test("a failure stays one, with its code, exit code, place and the stack of where it happened", () => {
  const cause = Object.assign(new Error("canary-secret was wrong"), { code: "28P01", detail: "canary-secret" });
  const failure = new Failure("28P01", EXIT.unreachable, "refused: canary-secret", {
    hint: "not canary-secret",
    location: { file: "0001.sql", line: 2 },
    cause,
  });
  const clean = withoutSecrets(failure, secrets);
  expect(clean).toBeInstanceOf(Failure);
  expect(clean).toMatchObject({
    code: "28P01",
    exitCode: EXIT.unreachable,
    message: "refused: [redacted]",
    details: { hint: "not [redacted]", location: { file: "0001.sql", line: 2 } },
  });
  expect(clean.stack).toBe(failure.stack?.replace("canary-secret", "[redacted]"));
  expect(clean.cause).toMatchObject({ name: "Error", message: "[redacted] was wrong", code: "28P01" });
  expect(clean.cause).not.toHaveProperty("detail");
});

test("an error of nobody's making keeps its name", () => {
  const clean = withoutSecrets<unknown>(new TypeError("canary-secret is not a function"), secrets);
  expect(clean).toMatchObject({ name: "TypeError", message: "[redacted] is not a function" });
});
