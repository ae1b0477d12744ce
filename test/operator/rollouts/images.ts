/** The app's images: each release has the migrations of all before it, and one of its own that takes a while. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeBase } from "../../../build/base.ts";
import { layerFrom, layerOf, writeImages } from "../../images/archive.ts";
import type { Image, Layer } from "../../images/archive.ts";
import { addCp } from "../../images/cp.ts";
import { temporaryFolder } from "../../images/folder.ts";

export const MIGRATIONS = "/app/migrations";
export const LOAD = "/app/load.cjs";
export const rolledImage = (release: number): string => `localhost/rolled:${release}`;

/** How long each release's own migration takes, besides the change itself. */
const SLOW_SECONDS = 3;
const FIRST = "create table items (id int primary key, r0 int not null default 0); insert into items (id) values (1);";
const later = (release: number): string =>
  `select pg_sleep(${SLOW_SECONDS}); alter table items add column r${release} int not null default ${release};`;

/** Of images on top of the layer that has Node; the folder is for the work. */
type More = (node: Layer, folder: string) => Promise<Image[]>;

/** Writes the archive of the releases 0 to `last`, and of `more` images. */
export async function writeRolledImages(archive: string, last: number, more: More = async () => []): Promise<void> {
  await using folder = await temporaryFolder("rolled");
  const root = join(folder.path, "root");
  await mkdir(join(root, "app"), { recursive: true });
  const entryPoints = ["app", "load"].map((name) => fileURLToPath(new URL(`${name}.ts`, import.meta.url)));
  const outdir = join(root, "app");
  await build({
    ...{ entryPoints, outdir, bundle: true, platform: "node", format: "cjs", logLevel: "error" },
    ...{ outExtension: { ".js": ".cjs" }, external: ["pg-native"] },
  });
  await addCp(root);
  const program = await layerOf(root, join(folder.path, "program.tar"));
  const base = join(folder.path, "base.tar");
  await writeBase(folder.path, base);
  const node = await layerFrom(base);
  const images = await more(node, folder.path);
  for (let release = 0; release <= last; release++) {
    const own = join(folder.path, `release-${release}`);
    await mkdir(join(own, MIGRATIONS), { recursive: true });
    for (let number = 0; number <= release; number++) {
      const file = `${String(number).padStart(4, "0")}_r${number}.sql`;
      await writeFile(join(own, MIGRATIONS, file), number === 0 ? FIRST : later(number));
    }
    images.push({
      tag: rolledImage(release),
      layers: [node, program, await layerOf(own, `${own}.tar`)],
      config: { Env: [`RELEASE=${release}`], Entrypoint: ["/nodejs/bin/node", "/app/app.cjs"], User: "65532:65532" },
    });
  }
  await writeImages(archive, images);
}
