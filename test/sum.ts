import { basename } from "node:path";

/** What vitest's JSON reporter writes, as far as it counts here. */
export type Report = {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
  }[];
};

/** A test that may be skipped, and why. */
export type AllowedSkip = { suite: string; test: string; why: string };

export type Sum = {
  passed: number;
  failed: number;
  skipped: number;
  /** Failed tests, each with its first error, in one line: of any length, `shorten` cuts them. */
  failures: string[];
  problems: string[];
  /** Tests that failed at first and passed when tried again, each with its first error: to be mended, all the same. */
  shaky: string[];
};

const none = (): Sum => ({ passed: 0, failed: 0, skipped: 0, failures: [], problems: [], shaky: [] });

const firstLine = (name: string, failure = "") => `${name}: ${failure.split("\n", 1)[0]}`;

/** Characters of all lines about tests together, and the least of one. */
const room = 1_600;
const leastLine = 150;

/** The end of a long log is often all that is kept: a few failures are told at length there, many briefly. */
export function shorten(lines: string[]): string[] {
  const length = Math.max(leastLine, Math.floor(room / Math.max(1, lines.length)));
  return lines.map((line) => line.slice(0, length));
}

/**
 * Counts a suite's tests from its report. `problems` are reasons to fail that no count shows: a report that is missing,
 * a suite without tests, a skip that nobody allowed, a run that ended in an error although no test failed.
 */
export function sumSuite(
  suite: string,
  report: Report | undefined,
  exitCode: number | null,
  allowed: AllowedSkip[],
): Sum {
  const sum = none();
  if (report === undefined) return { ...sum, problems: [`${suite}: its report is missing`] };
  for (const file of report.testResults) {
    const failedBefore = sum.failed;
    for (const { fullName, status, failureMessages: [failure] = [] } of file.assertionResults) {
      if (status === "passed") {
        sum.passed++;
        if (failure !== undefined) sum.shaky.push(firstLine(`${suite}: ${fullName}`, failure));
      } else if (status === "failed") {
        sum.failed++;
        sum.failures.push(firstLine(`${suite}: ${basename(file.name)}: ${fullName}`, failure));
      } else {
        sum.skipped++;
        const mayBe = allowed.some((skip) => skip.suite === suite && skip.test === fullName);
        if (!mayBe) sum.problems.push(`${suite}: skipped, and not in allowed-skips.json: ${fullName}`);
      }
    }
    // A file that can't be loaded has no tests to count.
    if (file.status === "failed" && sum.failed === failedBefore) {
      sum.failed++;
      sum.problems.push(`${suite}: ${file.name}: ${file.message}`);
    }
  }
  if (sum.passed + sum.failed === 0) sum.problems.push(`${suite}: no test ran`);
  if (exitCode !== 0 && sum.failed === 0) sum.problems.push(`${suite}: no test failed, but it exited with ${exitCode}`);
  return sum;
}

export function add(sums: Sum[]): Sum {
  const total = none();
  for (const sum of sums) {
    total.passed += sum.passed;
    total.failed += sum.failed;
    total.skipped += sum.skipped;
    total.failures.push(...sum.failures);
    total.problems.push(...sum.problems);
    total.shaky.push(...sum.shaky);
  }
  return total;
}
