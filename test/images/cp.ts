import { copyFile, mkdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../cluster/run.ts";

/** Puts this machine's `cp` into the folder: all that a copy out of an image needs. */
export const addCp = async (root: string): Promise<void> => await addProgram(root, "cp");

/** Puts a program of this machine into the folder as /bin/NAME, with the libraries that its loader finds. */
export async function addProgram(root: string, name: string): Promise<void> {
  const program = (await run("sh", ["-c", `command -v ${name}`])).trim();
  const libraries = (await run("ldd", [program])).split("\n").flatMap((line) => line.match(/(\/\S+) \(0x/)?.[1] ?? []);
  const files: [string, string][] = [
    [program, `/bin/${name}`],
    ...libraries.map((path): [string, string] => [path, path]),
  ];
  for (const [path, place] of files) {
    await mkdir(dirname(join(root, place)), { recursive: true });
    await copyFile(await realpath(path), join(root, place));
  }
}
