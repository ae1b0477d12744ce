/**
 * `node build/code-cache.ts PROGRAM` writes what this Node's V8 compiles of a launcher's program into PROGRAM.cache.
 *
 * With the flags `--hash-seed=1 --random-seed=1` it writes the same bytes for the same program and arguments.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

const program = process.argv[2];
if (program === undefined) throw new Error("usage: node build/code-cache.ts PROGRAM");
const source = readFileSync(program, "latin1");
// Every function, and not only those that run while the program is loaded.
setFlagsFromString("--no-lazy");
const script = new Script(source, { filename: program });
// V8 takes a cache that was made under the flags that it has then: those of a start without any.
for (const flag of ["--lazy", "--hash-seed=0", "--random-seed=0"]) setFlagsFromString(flag);
writeFileSync(`${program}.cache`, script.createCachedData());
