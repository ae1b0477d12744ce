/**
 * `node build/code-cache.ts PROGRAM DIR...` writes what this Node's V8 compiles of a launcher's program while it migrates
 * the database of `DATABASE_URL` by each of the folders, and then once more with nothing to do, into PROGRAM.cache.
 *
 * With the flags `--hash-seed=1 --random-seed=1` it writes the same bytes for the same program and arguments.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext, Script } from "node:vm";

const [program, ...dirs] = process.argv.slice(2);
if (program === undefined || dirs.length === 0) throw new Error("usage: node build/code-cache.ts PROGRAM DIR...");
const require = createRequire(resolve(program));

// Every function first, in the order of the text: the order in which a run comes to them differs from run to run.
setFlagsFromString("--no-lazy");
const script = new Script(readFileSync(program, "latin1"), { filename: program });
setFlagsFromString("--lazy");
// Then what isn't run is dropped: a collection does that with the code of functions that were last run so many
// collections ago. One of the kind below counts as two or more.
setFlagsFromString("--bytecode-old-age=30");
collect(10);
for (const dir of dirs.flatMap((each) => [each, each])) {
  const exitCode = await run(["migrate", "--dir", dir]);
  if (exitCode !== 0) throw new Error(`${program} ended with exit code ${exitCode}`);
}
collect(7);

// V8 takes a cache that was made under the flags that it has then: those of a start without any.
const usual = ["--bytecode-old-age=6", "--semi-space-growth-factor=2", "--heap-growing-percent=0"];
for (const flag of [...usual, "--hash-seed=0", "--random-seed=0"]) setFlagsFromString(flag);
writeFileSync(`${program}.cache`, script.createCachedData());
process.exitCode = 0;

/** Runs the program here; resolves to the exit code with which it would have ended the process. */
async function run(argv: string[]): Promise<number> {
  process.argv = [process.execPath, program ?? "", ...argv];
  return await new Promise<number>((ended) => {
    process.exit = ended as unknown as typeof process.exit;
    (script.runInThisContext() as (require: NodeJS.Require) => void)(require);
  });
}

function collect(times: number): void {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as (options: object) => void;
  for (let i = 0; i < times; i++) gc({ type: "major", execution: "sync", flavor: "last-resort" });
  setFlagsFromString("--no-expose-gc");
}
