import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { COMPILE_CACHE } from "../compile-cache.ts";
import { programOf } from "../programs.ts";

export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };
export type Running = { child: ChildProcess; ended: Promise<Ended> };

/** Starts the real command with these variables and no others of Lockkeeper's. */
export function startCommand(
  argv: readonly string[],
  variables: Record<string, string>,
  cwd = tmpdir(),
  program = programOf("lockkeeper"),
): Running {
  const env = { PATH: process.env.PATH ?? "", ...COMPILE_CACHE, ...variables };
  const child = spawn(process.execPath, [program, ...argv], { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  return { child, ended: collect(child) };
}

/** Runs the real command to its end. */
export async function command(
  argv: readonly string[],
  variables: Record<string, string>,
  cwd?: string,
): Promise<Ended> {
  return await startCommand(argv, variables, cwd).ended;
}

async function collect(child: ChildProcess): Promise<Ended> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal, stdout, stderr };
}

/** The last line of a log, which is a run's end. */
export const lastLine = (stdout: string): Record<string, unknown> =>
  JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") as Record<string, unknown>;

export type Folder = AsyncDisposable & { dir: string };

/** A folder of files that is removed at the end; a null makes a folder in a file's place. */
export async function folder(files: Record<string, string | Buffer | null>): Promise<Folder> {
  const dir = await mkdtemp(join(tmpdir(), "lockkeeper-cli-"));
  for (const [name, content] of Object.entries(files)) {
    const path = join(dir, name);
    await mkdir(content === null ? path : dirname(path), { recursive: true });
    if (content !== null) await writeFile(path, content);
  }
  return { dir, [Symbol.asyncDispose]: async () => await rm(dir, { recursive: true, force: true }) };
}
