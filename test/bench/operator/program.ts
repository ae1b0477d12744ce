import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../cluster/run.ts";
import type { Program } from "./operator.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Bundles the operator, as the image has it: an old bundle would be measured in silence. */
export async function bundled(scratch: string): Promise<Program> {
  const folder = join(scratch, "bundle");
  await run(process.execPath, [join(root, "build/bundle.ts"), folder]);
  const file = join(folder, "lockkeeper-operator.cjs");
  if (!existsSync(file)) throw new Error("build/bundle.ts makes no lockkeeper-operator.cjs");
  return { file, nodeFlags: [] };
}

/** The operator from source: for a look at it with a profiler, not for numbers. */
export const fromSource = (nodeFlags: string[]): Program => ({ file: join(root, "operator/main.ts"), nodeFlags });
