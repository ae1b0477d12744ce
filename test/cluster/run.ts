import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { inherited } from "./environment.ts";

export type RunOptions = { cwd?: string; env?: Record<string, string>; input?: string };

/** Runs a program to its end and returns its stdout. Throws an error that names the program and what it last said. */
export async function run(program: string, args: string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...inherited, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A program that ends without reading its input closes the pipe: what counts is its exit code.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  const ended = Promise.withResolvers<string>();
  child.once("error", (error) => ended.resolve(error.message));
  child.once("close", (code, signal) => ended.resolve(code === 0 ? "" : `ended with ${signal ?? `exit code ${code}`}`));
  const [stdout, stderr, failure] = await Promise.all([text(child.stdout), text(child.stderr), ended.promise]);
  if (failure !== "") {
    const command = [program, ...args].join(" ").slice(0, 200);
    throw new Error(`${command}: ${failure}\n${lastLines(stderr === "" ? stdout : stderr, 15)}`.trimEnd());
  }
  return stdout;
}

/** Whether the program runs and ends well; its output is dropped. */
export async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  return await run(program, args).then(
    () => true,
    () => false,
  );
}

/** The last lines of a text, for a message. */
export function lastLines(content: string, count: number): string {
  return content.trimEnd().split("\n").slice(-count).join("\n");
}
