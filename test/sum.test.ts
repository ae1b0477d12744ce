import { expect, test } from "vitest";
import { add, shorten, sumSuite, type Report } from "./sum.ts";

const allowed = [{ suite: "unit", test: "needs root", why: "only root can mount" }];

function report(statuses: Record<string, string>, file = "passed"): Report {
  const assertionResults = Object.entries(statuses).map(([fullName, status]) => ({ fullName, status }));
  return { testResults: [{ name: "a.test.ts", status: file, message: "", assertionResults }] };
}

test("tests are counted by their status, and sums are added", () => {
  const sum = sumSuite("unit", report({ a: "passed", b: "failed", "needs root": "skipped" }, "failed"), 1, allowed);
  const failures = ["unit: a.test.ts: b: "];
  expect(sum).toEqual({ passed: 1, failed: 1, skipped: 1, failures, problems: [], shaky: [] });
  const twice = { passed: 2, failed: 2, skipped: 2, failures: [...failures, ...failures], problems: [], shaky: [] };
  expect(add([sum, sum])).toEqual(twice);
});

test("a test that passed when it was tried again is counted as passed, and named with what it failed by", () => {
  const assertionResults = [{ fullName: "a", status: "passed", failureMessages: ["Error: too late\n    at b.ts"] }];
  const file = { name: "a.test.ts", status: "passed", message: "", assertionResults };
  const sum = sumSuite("unit", { testResults: [file] }, 0, allowed);
  expect(sum).toMatchObject({ passed: 1, failed: 0, problems: [], shaky: ["unit: a: Error: too late"] });
});

test("a test that failed is named with its file and the first line of its error", () => {
  const assertionResults = [{ fullName: "a", status: "failed", failureMessages: [`Error: ${"x".repeat(300)}\nat b`] }];
  const file = { name: "/there/a.test.ts", status: "failed", message: "", assertionResults };
  const { failures } = sumSuite("unit", { testResults: [file] }, 1, allowed);
  expect(failures).toEqual([`unit: a.test.ts: a: Error: ${"x".repeat(300)}`]);
});

test("a few lines are told at length, many are cut", () => {
  const line = "x".repeat(3_000);
  expect(shorten([])).toEqual([]);
  expect(shorten(["short", line])).toEqual(["short", "x".repeat(800)]);
  expect(shorten(Array.from({ length: 100 }, () => line))).toEqual(Array.from({ length: 100 }, () => "x".repeat(150)));
});

test.for([
  ["its report is missing", undefined, 0],
  ["no test ran", report({}), 0],
  ["no test ran", report({ "needs root": "skipped" }), 0],
  ["no test failed, but it exited with 1", report({ a: "passed" }), 1],
  ["no test failed, but it exited with null", report({ a: "passed" }), null],
  ["skipped, and not in allowed-skips.json: other", report({ a: "passed", other: "skipped" }), 0],
  ["skipped, and not in allowed-skips.json: later", report({ a: "passed", later: "todo" }), 0],
] as const)("%s: the suite fails", ([problem, suiteReport, exitCode]) => {
  expect(sumSuite("unit", suiteReport, exitCode, allowed).problems).toEqual([`unit: ${problem}`]);
});

test("a file that can't be loaded counts as one failed test", () => {
  const sum = sumSuite("unit", report({}, "failed"), 1, allowed);
  expect(sum).toMatchObject({ passed: 0, failed: 1 });
  expect(sum.problems).toEqual(["unit: a.test.ts: "]);
});
