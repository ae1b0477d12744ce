import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeBundle } from "../programs.ts";

export type Bundled = AsyncDisposable & {
  /** The command, as the image has it: beside it lies what it needs, and no `node_modules` is above it. */
  program: string;
  dir: string;
};

/** Bundles the checkout into a folder of its own: the checkout's may be in use, and has its `node_modules` near. */
export async function bundle(): Promise<Bundled> {
  const dir = await mkdtemp(join(tmpdir(), "lockkeeper-bundle-"));
  const remove = async (): Promise<void> => await rm(dir, { recursive: true });
  await makeBundle(dir).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return { dir, program: join(dir, "lockkeeper.cjs"), [Symbol.asyncDispose]: remove };
}
