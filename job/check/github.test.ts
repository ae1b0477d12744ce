import { expect, test } from "vitest";
import { annotations, stepSummary } from "./github.ts";
import type { Finding, Outcome } from "./outcome.ts";

const finding = (changes: Partial<Finding> = {}): Finding => ({
  severity: "critical",
  code: "DRIFT",
  namespace: "shop",
  name: "web",
  message: "one drifted",
  ...changes,
});

/** What GitHub's runner takes a line for: command, title, message, unescaped as it does. */
function commandOf(line: string): { command: string; title: string; message: string } | null {
  const [, command = "", title = "", message = ""] = /^::(\w+) title=([^,:]*)::(.*)$/s.exec(line) ?? [];
  const unescaped = (text: string): string =>
    text
      .replaceAll("%2C", ",")
      .replaceAll("%3A", ":")
      .replaceAll("%0A", "\n")
      .replaceAll("%0D", "\r")
      .replaceAll("%25", "%");
  return command === "" ? null : { command, title: unescaped(title), message: unescaped(message) };
}

test("what is critical is an error where it fails the check, and a warning otherwise", () => {
  const findings = [finding(), finding({ severity: "warning", code: "LOCK_WAIT" })];
  expect(annotations({ findings, exitCode: 16 })).toEqual([
    "::error title=DRIFT shop/web::one drifted",
    "::warning title=LOCK_WAIT shop/web::one drifted",
  ]);
  expect(annotations({ findings, exitCode: 0 })[0]).toMatch(/^::warning /);
});

test.each(["100% done, or: not", "a\r\nb\n::error::c", "%0A::error::c", "::stop-commands::x", "title=a,line=1::b"])(
  "%j is a message as a whole, and nothing else",
  (hostile) => {
    const [line = ""] = annotations({ findings: [finding({ message: hostile, name: hostile })], exitCode: 16 });
    expect(line).not.toMatch(/[\r\n]/);
    expect(commandOf(line)).toEqual({ command: "error", title: `DRIFT shop/${hostile}`, message: hostile });
  },
);

test("there are no more annotations than GitHub shows, and the rest is counted", () => {
  const lines = annotations({ findings: Array.from({ length: 30 }, () => finding()), exitCode: 0 });
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toContain("and 21 more");
});

test("the step's page shows texts as they are: no link, image, HTML or cell comes of them", () => {
  const hostile = "![x](https://evil.example/a) <img src=x> | `b` [c](d) https://evil.example";
  const outcome: Outcome = {
    status: "critical",
    findings: [finding({ message: hostile })],
    migrations: [],
    exitCode: 16,
    hint: "",
  };
  const about = { where: "https://shop.example.com/api/ops/migrations", lookbackMinutes: 120, now: new Date(0) };
  const row =
    stepSummary(outcome, about)
      .split("\n")
      .find((line) => line.includes("evil")) ?? "";
  // Every sign that means something has a backslash, but for the cells' own bars.
  const bare = row.replaceAll(/\\[!-/:-@[-`{-~]/g, "");
  expect(bare.replaceAll(/[^|]/g, "")).toBe("|||||");
  expect(bare).not.toMatch(/[![\]()<>`:_*]/);
});
