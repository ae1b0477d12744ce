import { copyFile, mkdir, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../cluster/run.ts";

/** Puts this machine's `cp` into the folder, with the libraries that its loader finds: all that a copy out of an image needs. */
export async function addCp(root: string): Promise<void> {
  const cp = (await run("sh", ["-c", "command -v cp"])).trim();
  const libraries = (await run("ldd", [cp])).split("\n").flatMap((line) => line.match(/(\/\S+) \(0x/)?.[1] ?? []);
  for (const [path, place] of [[cp, "/bin/cp"], ...libraries.map((library) => [library, library])] as [
    string,
    string,
  ][]) {
    await mkdir(dirname(join(root, place)), { recursive: true });
    await copyFile(await realpath(path), join(root, place));
  }
}
