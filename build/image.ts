/**
 * `npm run image`: the image with the bundled programs, as an archive that any engine or cluster can load, and its SBOM.
 *
 *     npm run image -- [--tag NAME] [--base IMAGE]
 *
 * With docker where an engine answers, otherwise with buildah. `--base` names a distroless image of Node 24.
 */
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { install } from "../test/cluster/local/packages.ts";
import { waiting } from "../test/cluster/progress.ts";
import { run, succeeds } from "../test/cluster/run.ts";
import { writeBase } from "./base.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const output = join(root, "dist", "image");
const mostMegabytes = 200;

export type Image = { tag: string; archive: string; sbom: string; megabytes: number };

/** Bundles the programs, builds the image and writes both files to `dist/image`. Throws if it has 200 MB or more. */
export async function buildImage(tag = "localhost/lockkeeper:dev", base?: string): Promise<Image> {
  await run("npm", ["run", "--silent", "bundle"], { cwd: root });
  await mkdir(output, { recursive: true });
  const image = { tag, archive: join(output, "lockkeeper.tar"), sbom: join(output, "lockkeeper.cdx.json") };
  const work = await mkdtemp(join(tmpdir(), "lockkeeper-image-"));
  try {
    const engine = (await succeeds("docker", "info")) ? withDocker : withBuildah;
    const archive = join(work, "image.tar");
    await waiting(`building ${tag}`, engine(work, tag, base, archive));
    await run("mv", [archive, image.archive]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const sbom = ["sbom", "--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only"];
  await writeFile(image.sbom, await run("npm", sbom, { cwd: root }));
  const megabytes = Math.ceil((await stat(image.archive)).size / 1e6);
  if (megabytes >= mostMegabytes)
    throw new Error(`The image has ${megabytes} MB: it must have less than ${mostMegabytes}.`);
  return { ...image, megabytes };
}

const ownBase = "localhost/lockkeeper-base:node";

async function withDocker(work: string, tag: string, base: string | undefined, archive: string): Promise<void> {
  if (base === undefined) {
    await writeBase(work, join(work, "base.tar"));
    await run("docker", ["import", join(work, "base.tar"), ownBase]);
  }
  const args = ["--file", "Containerfile", "--build-arg", `BASE=${base ?? ownBase}`, "--tag", tag, "."];
  await run("docker", ["build", ...args], { cwd: root });
  await run("docker", ["save", "--output", archive, tag]);
}

/** Its storage is a folder that is removed: the image is in the archive, and nothing stays on the machine. */
async function withBuildah(work: string, tag: string, base: string | undefined, archive: string): Promise<void> {
  await install([{ program: "buildah", package: "buildah" }]);
  const storage = ["--root", join(work, "storage"), "--runroot", join(work, "running"), "--storage-driver", "vfs"];
  const buildah = async (...args: string[]) => (await run("buildah", [...storage, ...args], { cwd: root })).trim();
  if (base === undefined) {
    await writeBase(work, join(work, "base.tar"));
    const container = await buildah("from", "scratch");
    await buildah("add", "--quiet", container, join(work, "base.tar"), "/");
    await buildah("commit", "--quiet", "--timestamp", "0", "--rm", container, ownBase);
  }
  const args = ["--file", "Containerfile", "--build-arg", `BASE=${base ?? ownBase}`, "--tag", tag, "."];
  await buildah("build", "--quiet", "--isolation", "chroot", "--timestamp", "0", ...args);
  await buildah("push", "--quiet", tag, `docker-archive:${archive}:${tag}`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { tag: { type: "string" }, base: { type: "string" } } });
  try {
    const image = await buildImage(values.tag, values.base);
    console.log(`${image.tag}: ${image.megabytes} MB\n${image.archive}\n${image.sbom}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
