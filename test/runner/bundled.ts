import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export type Bundled = AsyncDisposable & {
  /** The command, as the image has it: beside it lies what it needs, and no `node_modules` is above it. */
  program: string;
  dir: string;
};

/** Bundles the checkout into a folder of its own: the checkout's may be in use, and has its `node_modules` near. */
export async function bundle(): Promise<Bundled> {
  const dir = await mkdtemp(join(tmpdir(), "lockkeeper-bundle-"));
  const remove = async (): Promise<void> => await rm(dir, { recursive: true });
  const script = fileURLToPath(new URL("../../build/bundle.ts", import.meta.url));
  const child = spawn(process.execPath, [script, dir], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) {
    await remove();
    throw new Error(`the bundle could not be made: exit ${code}`);
  }
  return { dir, program: join(dir, "lockkeeper.cjs"), [Symbol.asyncDispose]: remove };
}
