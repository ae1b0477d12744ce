import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Command } from "./contenders.ts";

export class CommandFailed extends Error {}

/**
 * Runs a command to its end and returns its wall time, ms, from the spawn to the exit. Its output goes to a file, which
 * costs it less than a terminal or a pipe that somebody must read.
 * @throws CommandFailed with the output's end when it exits with another code than 0.
 */
export const time = async (command: Command, scratch: string): Promise<number> => {
  const log = join(scratch, "output.log");
  const fd = openSync(log, "w");
  // Settings of whoever started the benchmark must not reach a contender.
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], ...command.env };
  const start = performance.now();
  const child = spawn(command.file, command.args, { cwd: scratch, stdio: ["ignore", fd, fd], env });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  const elapsed = performance.now() - start;
  closeSync(fd);
  if (code !== 0) {
    throw new CommandFailed(
      `${command.file} ended with ${code ?? signal}:\n${readFileSync(log, "utf8").slice(-2_000)}`,
    );
  }
  return elapsed;
};
