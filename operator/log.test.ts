import { expect, test } from "vitest";
import { ApiError } from "./api/api.ts";
import { openLog } from "./log.ts";
import type { LogLevel } from "./log.ts";
import { Misconfigured } from "./misconfigured.ts";

const AT = Date.UTC(2026, 2, 1, 12);

function setUp(level: LogLevel = "info") {
  const lines: string[] = [];
  const log = openLog({ level, write: (line) => lines.push(line), wall: () => AT });
  return { log, lines, first: () => JSON.parse(lines[0] ?? "") as Record<string, unknown> };
}

test("a line has level, time, the fields and a constant text", () => {
  const { log, lines, first } = setUp();
  log.warn({ key: "shop/web", failures: 3 }, "reconcile failed");
  expect(lines[0]?.endsWith("}\n")).toBe(true);
  expect(first()).toEqual({
    level: "warn",
    time: "2026-03-01T12:00:00.000Z",
    key: "shop/web",
    failures: 3,
    msg: "reconcile failed",
  });
});

test("what is below the level isn't written", () => {
  const { log, lines } = setUp("warn");
  log.info({}, "no");
  log.debug({}, "no");
  log.fatal({}, "yes");
  expect(lines).toHaveLength(1);
});

test("a password is in no text of any field, however deep", () => {
  const { log, lines } = setUp();
  const url = "postgres://web:canary-1@db/shop";
  const cause = new Error(`no route to ${url}`);
  log.error(
    {
      text: url,
      list: [{ message: "password=canary-1 is wrong" }],
      error: new ApiError(500, "InternalError", `said ${url}`, cause),
      [url]: 1,
    },
    "failed",
  );
  expect(lines.join("")).not.toContain("canary");
  expect(lines.join("")).toContain("[redacted]");
});

test("a password that the cut would divide isn't written by half", () => {
  const { log, lines } = setUp();
  log.info({ text: `${"x".repeat(1_980)} postgres://web:canary-1@db/shop` }, "long");
  expect(lines[0]).not.toContain("canary");
});

test("a text that is too long is cut, also within a character", () => {
  const { log, lines, first } = setUp();
  log.info({ text: "x".repeat(1_999) + "😀".repeat(100_000), list: Array.from({ length: 1_000 }, () => "x") }, "long");
  expect(lines[0]?.length).toBeLessThan(3_000);
  expect(String(first()["text"]).isWellFormed()).toBe(true);
});

test("what refers to itself is written all the same", () => {
  const { log, first } = setUp();
  const loop: Record<string, unknown> = { name: "a" };
  loop["self"] = loop;
  const error = new Error("outer");
  error.cause = error;
  log.info({ loop, error }, "loop");
  expect(first()).toMatchObject({ loop: { name: "a" }, error: { message: "outer" }, msg: "loop" });
});

test("an error that is expected shows what it is, and only a bug its stack", () => {
  const { log, lines } = setUp();
  log.error({ error: new ApiError(403, "Forbidden", "may not") }, "failed");
  log.error({ error: new Misconfigured("no right", "Give it.") }, "failed");
  log.error({ error: new TypeError("bug") }, "failed");
  const errors = lines.map((line) => (JSON.parse(line) as { error: Record<string, unknown> }).error);
  expect(errors[0]).toEqual({ name: "ApiError", message: "may not", status: 403, reason: "Forbidden" });
  expect(errors[1]).toEqual({ name: "Misconfigured", message: "no right", hint: "Give it." });
  expect(errors[2]).toMatchObject({ name: "TypeError", stack: expect.stringContaining("log.test.ts") });
});
