/**
 * Runs all suites, or those named as arguments, and sums up their reports in the last line. Exits with 1 if a test
 * failed, and if a suite ran none, left no report or skipped what `allowed-skips.json` doesn't list.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { add, shorten, sumSuite, type AllowedSkip, type Report, type Sum } from "./sum.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const reports = join(root, "test-results");

/**
 * The suites, each a project of vitest.config.ts, stage after stage: those of one stage run side by side, because most of
 * what they do is wait for servers. The end-to-end tests fill the machine by themselves.
 */
const stages = [["unit"], ["postgres-14", "postgres-18", "package"], ["machine"], ["cluster", "browser"], ["e2e"]];

const known = stages.flat();
const named = process.argv.slice(2);
const unknown = named.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`No such suite: ${unknown.join(", ")}. There are: ${known.join(", ")}`);

const allowed = JSON.parse(await readFile(join(root, "test/allowed-skips.json"), "utf8")) as AllowedSkip[];
await rm(reports, { recursive: true, force: true });
await mkdir(reports);
const sums: Sum[] = [];
for (const stage of stages) {
  const wanted = stage.filter((suite) => named.length === 0 || named.includes(suite));
  sums.push(...(await Promise.all(wanted.map(run))));
}

const { passed, failed, skipped, failures, problems, shaky } = add(sums);
for (const one of shorten(shaky)) console.log(`passed at the second try: ${one}`);
for (const failure of shorten(failures)) console.log(`failed: ${failure}`);
for (const problem of problems) console.log(problem);
console.log(`tests: ${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 || problems.length > 0 ? 1 : 0;

async function run(suite: string): Promise<Sum> {
  const began = performance.now();
  const file = join(reports, `${suite}.json`);
  const args = ["run", "--project", suite, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  // What runs beside other suites may meet a slow moment: it is tried twice, and told of above the sum.
  if (suite !== "unit") args.push("--retry=1");
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close") as Promise<[number | null]>;
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => console.log(line.trim() === "" ? "" : `${suite}| ${line}`));
  }
  const [exitCode] = await ended;
  console.log(`${suite}| ended after ${Math.round((performance.now() - began) / 1_000)} s`);
  const report = await readFile(file, "utf8").then(
    (text) => JSON.parse(text) as Report,
    () => undefined,
  );
  return sumSuite(suite, report, exitCode, allowed);
}
