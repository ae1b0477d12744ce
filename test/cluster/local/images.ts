import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../run.ts";

export const pauseImage = "localhost/pause:1";

/** Writes the archive of an image that holds nothing but the given program. */
export async function writePauseImage(program: string, archive: string): Promise<void> {
  const folder = `${archive}.parts`;
  await mkdir(folder, { recursive: true });
  await copyFile(program, join(folder, "pause"));
  await run("tar", ["--create", "--file=layer.tar", "--owner=0", "--group=0", "pause"], { cwd: folder });
  const digest = createHash("sha256")
    .update(await readFile(join(folder, "layer.tar")))
    .digest("hex");
  const config = {
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    os: "linux",
    config: { Entrypoint: ["/pause"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
  };
  const manifest = [{ Config: "config.json", RepoTags: [pauseImage], Layers: ["layer.tar"] }];
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  const files = ["manifest.json", "config.json", "layer.tar"];
  await run("tar", ["--create", `--file=${archive}`, ...files], { cwd: folder });
  await rm(folder, { recursive: true });
}

/** Brings an archive's images to a node, by the socket of its containerd. */
export async function importImage(ctr: string, socket: string, archive: string): Promise<void> {
  await run(ctr, ["--address", socket, "--namespace", "k8s.io", "images", "import", archive]);
}
