/** Images that hold migrations: those of the example's two releases, with `cp` and without. */
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { layerOf, writeImages } from "../../images/archive.ts";
import type { Layer } from "../../images/archive.ts";
import { addCp, addProgram } from "../../images/cp.ts";
import { temporaryFolder } from "../../images/folder.ts";

/** The example's folders of migrations. */
export const releases = fileURLToPath(new URL("../../../examples/workoutlog/releases", import.meta.url));

/** In every one of them. */
export const PATH = "/app/drizzle";
export const LAST = { 1: "0010_solid_watchtower", 2: "0012_keen_valkyrie" } as const;
export type ExampleRelease = keyof typeof LAST;

/** An app's image of that release. */
export const appImage = (release: ExampleRelease): string => `localhost/workoutlog-files:${release}`;
/** The same without anything to run, as distroless as an image can be. */
export const bareImage = (release: ExampleRelease): string => `localhost/workoutlog-bare:${release}`;

const A = { "0001_a.sql": "create table a (id int);" };
const B = { "0002_b.sql": "create table b (id int);" };
const ALTER = "alter table a add column b int;";
const SERVED = {
  one: A,
  two: { ...A, ...B },
  broken: { ...A, ...B, "0003_c.sql": "create tabel c (id int);" },
  /** These two wait while somebody reads the table. */
  three: { ...A, ...B, "0003_alter.sql": ALTER },
  altering: { ...A, "0002_alter.sql": ALTER },
};

/** An app that does nothing but be there, and needs its migrations: plain SQL, of which the last may be broken or alter a table. */
export const servedImage = (release: keyof typeof SERVED): string => `localhost/served:${release}`;
export const SERVED_PATH = "/app/migrations";

/** Writes the archive of all these images. */
export async function writeSources(archive: string): Promise<void> {
  await using folder = await temporaryFolder("layers");
  const layer = async (name: string, fill: (root: string) => Promise<void>): Promise<Layer> => {
    const root = join(folder.path, name);
    await mkdir(root, { recursive: true });
    await fill(root);
    return await layerOf(root, `${root}.tar`);
  };
  const programs = await layer("cp", addCp);
  const images = [];
  for (const release of [1, 2] as const) {
    const files = await layer(`release-${release}`, async (root) => {
      await cp(join(releases, String(release), "drizzle"), join(root, PATH), { recursive: true });
    });
    images.push({ tag: bareImage(release), layers: [files] });
    images.push({ tag: appImage(release), layers: [programs, files] });
  }
  const sleep = await layer("sleep", async (root) => await addProgram(root, "sleep"));
  for (const [tag, files] of Object.entries(SERVED)) {
    const sql = await layer(`served-${tag}`, async (root) => {
      await mkdir(join(root, SERVED_PATH), { recursive: true });
      for (const [name, text] of Object.entries(files)) await writeFile(join(root, SERVED_PATH, name), text);
    });
    images.push({ tag: servedImage(tag as keyof typeof SERVED), layers: [sleep, sql] });
  }
  await writeImages(archive, images);
}
