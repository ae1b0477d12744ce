#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Script } from "node:vm";

/**
 * Starts the program beside it with the code that V8 compiled when the bundle was made (docs/decisions/011-bundles.md).
 * V8 takes it from the same Node under the same flags, and otherwise compiles the program as ever.
 */
const program = __filename.replace(/\.cjs$/, ".program.js");
// A bundle is ASCII, which is read quickest like that.
const script = new Script(readFileSync(program, "latin1"), { filename: program, ...compiled(`${program}.cache`) });
(script.runInThisContext() as (require: NodeJS.Require) => void)(require);

function compiled(file: string): { cachedData?: Buffer } {
  try {
    return { cachedData: readFileSync(file) };
  } catch {
    return {};
  }
}
