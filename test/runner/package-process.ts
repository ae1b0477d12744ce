import { spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** The folder of the checkout that these tests lie in. */
export const checkout = fileURLToPath(new URL("../..", import.meta.url));

export type ProcessOptions = { cwd: string; env?: Record<string, string> };

/** A process that runs until it's disposed, or ends by itself. */
export type Running = AsyncDisposable & {
  /** What it has written so far, both streams. */
  output(): string;
  stdout(): string;
  /** Resolves when it has ended, with its exit code: null after a signal. */
  exit: Promise<number | null>;
};

/** Starts a program with the environment of `cleanEnvironment` and `options.env`. */
export function start(command: string, args: string[], options: ProcessOptions): Running {
  const env = { ...cleanEnvironment(), ...options.env };
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  // A test that timed out never gets to dispose it.
  const kill = (): boolean => child.kill("SIGKILL");
  process.once("exit", kill);
  let stdout = "";
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += String(chunk);
    output += String(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    output += String(chunk);
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      process.removeListener("exit", kill);
      resolve(code);
    });
  });
  return {
    output: () => output,
    stdout: () => stdout,
    exit,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await exit;
    },
  };
}

/** Runs a program to its end. */
export async function run(command: string, args: string[], options: ProcessOptions) {
  const running = start(command, args, options);
  const code = await running.exit;
  return { code, stdout: running.stdout(), output: running.output() };
}

/** Runs a program that must exit with 0; throws with all its output otherwise. */
export async function succeed(command: string, args: string[], options: ProcessOptions) {
  const done = await run(command, args, options);
  if (done.code !== 0) throw new Error(`${command} ${args.join(" ")} exited with ${done.code}:\n${done.output}`);
  return done;
}

/** Resolves when something answers at `url`, whatever it answers; throws with the output if the process ends first. */
export async function answering(running: Running, url: string): Promise<void> {
  let ended = false;
  const end = (): boolean => (ended = true);
  void running.exit.then(end, end);
  const answers = (): Promise<boolean> =>
    fetch(url).then(
      () => true,
      () => false,
    );
  while (!(await answers())) {
    if (ended) throw new Error(`the server ended before it answered:\n${running.output()}`);
    await sleep(50);
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** This process's environment without what vitest, npm and the person at the keyboard put there for other programs. */
function cleanEnvironment(): Record<string, string> {
  const foreign = /^(NODE_ENV|NODE_OPTIONS|VITEST.*|npm_(package|lifecycle).*|PG.*|PORT|HOSTNAME)$/;
  const ours = /^(DATABASE_URL|DB_MIGRATE_|OPS_MIGRATION_|DEPLOY_|WORKOUTLOG_|LOCKKEEPER_)/;
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !foreign.test(entry[0]) && !ours.test(entry[0]),
  );
  const path = [join(checkout, "node_modules", ".bin"), process.env["PATH"]].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path, NEXT_TELEMETRY_DISABLED: "1" };
}
