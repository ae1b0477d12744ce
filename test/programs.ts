/** The programs as tests start them: as they ship, where the project's set-up has bundled them, otherwise from source. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The set-up of a project whose tests start programs by the hundred: it bundles them. */
export const BUNDLES = fileURLToPath(new URL("bundle-setup.ts", import.meta.url));
/** The variable by which it tells where the bundle is. */
export const BUNDLE = "LOCKKEEPER_TEST_BUNDLE";

const PROGRAMS = {
  lockkeeper: { bundled: "lockkeeper.cjs", source: new URL("../job/main.ts", import.meta.url) },
  "lockkeeper-operator": {
    bundled: "lockkeeper-operator.cjs",
    source: new URL("../operator/main.ts", import.meta.url),
  },
};

/** The file for Node to run. A bundle takes half of the CPU to start that the source takes. */
export function programOf(name: keyof typeof PROGRAMS): string {
  const { bundled, source } = PROGRAMS[name];
  const dir = process.env[BUNDLE];
  return dir === undefined ? fileURLToPath(source) : join(dir, bundled);
}

/** Bundles the checkout into that folder. */
export async function makeBundle(dir: string): Promise<void> {
  const script = fileURLToPath(new URL("../build/bundle.ts", import.meta.url));
  const child = spawn(process.execPath, [script, dir], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`the bundle could not be made: exit ${code}`);
}
