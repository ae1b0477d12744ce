/**
 * Runs all suites, or those named as arguments, and sums up their reports in the last line. Exits with 1 if a test
 * failed, and if a suite ran none, left no report or skipped what `allowed-skips.json` doesn't list.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { add, sumSuite, type AllowedSkip, type Report, type Sum } from "./sum.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = join(root, "test-results");

/** The suites in their order: each is a project of vitest.config.ts. */
const suites = ["unit", "postgres-14", "postgres-18", "package", "cluster", "e2e"];

const named = process.argv.slice(2);
const unknown = named.filter((name) => !suites.includes(name));
if (unknown.length > 0) throw new Error(`No such suite: ${unknown.join(", ")}. There are: ${suites.join(", ")}`);

const allowed = JSON.parse(await readFile(join(root, "test/allowed-skips.json"), "utf8")) as AllowedSkip[];
await rm(reports, { recursive: true, force: true });
await mkdir(reports);
const sums: Sum[] = [];
for (const suite of named.length > 0 ? named : suites) sums.push(await run(suite));

const { passed, failed, skipped, problems } = add(sums);
for (const problem of problems) console.log(problem);
console.log(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || problems.length > 0 ? 1 : 0;

async function run(suite: string): Promise<Sum> {
  const file = join(reports, `${suite}.json`);
  const args = ["run", "--project", suite, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, ...args], { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const [exitCode] = (await once(child, "exit")) as [number | null];
  const report = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as Report,
    () => undefined,
  );
  return sumSuite(suite, report, exitCode, allowed);
}
