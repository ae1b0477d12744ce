import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { Manifest } from "../operator/helm.ts";

/** What a linter prints. Its exit code says only whether it found something, which what it prints says as well. */
export async function told(program: string, args: string[], input = ""): Promise<string> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(input);
  return await text(child.stdout);
}

/** Objects as a stream of YAML's documents. As JSON, so that no version of YAML takes a text for something else. */
export const documents = (objects: readonly Manifest[]): string =>
  objects.map((object) => JSON.stringify(object)).join("\n---\n");
