/** A server of Debian's, on loopback and a port of its own, that can't outlive its test. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { lastLines } from "../cluster/run.ts";
import { temporaryFolder } from "../images/folder.ts";
import { freePort } from "../runner/package-process.ts";

const LAUNCHER = fileURLToPath(new URL("daemon.sh", import.meta.url));
const PATIENCE_MS = 30_000;

export type Daemon = AsyncDisposable & {
  /** HOST:PORT. */
  address: string;
};

/**
 * Starts a program that `make setup-tests` installs, and returns when its /-/ready says yes. `args` are made of its folder, which
 * they have to name and which goes with it, and the address it is to listen on.
 */
export async function startDaemon(
  program: string,
  args: (folder: string, address: string) => Promise<string[]>,
): Promise<Daemon> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder(program));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn("sh", [LAUNCHER, path, program, ...(await args(path, address))], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  stack.defer(async () => {
    if (hasEnded()) return;
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    await exit;
  });
  for (const end = performance.now() + PATIENCE_MS; ; await sleep(50)) {
    const response = await fetch(`http://${address}/-/ready`).catch(() => null);
    await response?.arrayBuffer();
    if (response?.ok === true) break;
    if (hasEnded() || performance.now() > end) throw new Error(`${program} doesn't start:\n${lastLines(said, 15)}`);
  }
  const kept = stack.move();
  return { address, [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
}
