import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, succeeds } from "./run.ts";

/** The image as an archive, for as long as the scope lasts. A path of one is used as it is. */
export async function archiveOf(image: string): Promise<AsyncDisposable & { path: string }> {
  if (image.endsWith(".tar")) return { path: image, async [Symbol.asyncDispose]() {} };
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-image-"));
  const path = join(folder, "image.tar");
  if (await succeeds("docker", "image", "inspect", image)) await run("docker", ["save", "--output", path, image]);
  else await run("buildah", ["push", "--quiet", image, `docker-archive:${path}:${image}`]);
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}
