/**
 * Images as archives that every engine and cluster loads (the format of `docker save`), put together by hand: what a test
 * needs of an image is a few files, and no engine has to be there.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../cluster/run.ts";

/** A layer's uncompressed archive, and the digest of its bytes. */
export type Layer = { file: string; digest: string };

export type ImageConfig = { Env?: string[]; Entrypoint?: string[]; WorkingDir?: string; User?: string };

export type Image = { tag: string; layers: Layer[]; config?: ImageConfig };

/** A layer with all that is in the folder, owned by root and, without another `mode` of tar, readable for everybody. The same bytes for the same files. */
export async function layerOf(folder: string, file: string, mode = "a+rX"): Promise<Layer> {
  const same = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await run("tar", ["--create", `--file=${file}`, ...same, `--mode=${mode}`, "--directory", folder, "."]);
  return await layerFrom(file);
}

/** A layer that is an archive already. */
export async function layerFrom(file: string): Promise<Layer> {
  const digest = createHash("sha256").update(await readFile(file));
  return { file, digest: digest.digest("hex") };
}

/** Writes one archive of all these images. A layer that several have is in it once. */
export async function writeImages(archive: string, images: Image[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-images-"));
  try {
    const nameOf = ({ digest }: Layer): string => `${digest}.tar`;
    const layers = new Map(images.flatMap((image) => image.layers).map((layer) => [layer.digest, layer]));
    await mkdir(folder, { recursive: true });
    for (const layer of layers.values()) await copyFile(layer.file, join(folder, nameOf(layer)));
    const manifest = [];
    for (const [index, image] of images.entries()) {
      const Config = `config-${index}.json`;
      await writeFile(join(folder, Config), JSON.stringify(configOf(image)));
      manifest.push({ Config, RepoTags: [image.tag], Layers: image.layers.map(nameOf) });
    }
    await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
    const files = ["manifest.json", ...manifest.map(({ Config }) => Config), ...[...layers.values()].map(nameOf)];
    await run("tar", ["--create", `--file=${archive}`, ...files], { cwd: folder });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const configOf = ({ layers, config = {} }: Image) => ({
  architecture: process.arch === "x64" ? "amd64" : process.arch,
  os: "linux",
  config,
  rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => `sha256:${digest}`) },
});
