/**
 * A base for the image where no registry is at hand: the `node` of the npm package that package-lock.json pins, and of
 * the machine that builds: the libraries that it needs and the CA certificates. Nothing else, so also no shell.
 */
import { chmod, copyFile, mkdir, realpath, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../test/cluster/run.ts";

const files: Record<string, string> = {
  "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n",
  "etc/group": "root:x:0:\nnonroot:x:65532:\n",
  "etc/nsswitch.conf": "hosts: files dns\n",
};

/** Writes the archive of the base's files, the same bytes for the same inputs. `folder` is for the work. */
export async function writeBase(folder: string, archive: string): Promise<void> {
  const root = join(folder, "base");
  const node = fileURLToPath(new URL("../node_modules/node/bin/node", import.meta.url));
  await copy(node, join(root, "nodejs/bin/node"));
  for (const library of await librariesOf(node)) await copy(library, join(root, library));
  await copy("/etc/ssl/certs/ca-certificates.crt", join(root, "etc/ssl/certs/ca-certificates.crt"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  await mkdir(join(root, "tmp"));
  await chmod(join(root, "tmp"), 0o1777);
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await run("tar", ["--create", `--file=${archive}`, ...same, "--directory", root, "."]);
}

/** The paths where the program's loader finds its libraries, and the loader itself. */
async function librariesOf(program: string): Promise<string[]> {
  const lines = (await run("ldd", [program])).split("\n");
  const missing = lines.filter((line) => line.includes("not found"));
  if (missing.length > 0) throw new Error(`${program} needs libraries that this machine lacks:\n${missing.join("\n")}`);
  return lines.flatMap((line) => line.match(/(\/\S+) \(0x/)?.[1] ?? []);
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(await realpath(from), to);
}
