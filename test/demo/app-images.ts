/** WorkoutLog's real images, one for each release: its Next.js build on Node, and the release's drizzle folder. */
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeBase } from "../../build/base.ts";
import { waiting } from "../cluster/progress.ts";
import { layerFrom, layerOf, writeImages } from "../images/archive.ts";
import type { Layer } from "../images/archive.ts";
import { addCp } from "../images/cp.ts";
import { temporaryFolder } from "../images/folder.ts";
import { buildApp } from "../runner/nextjs-app.ts";
import { packLockkeeper } from "../runner/package-tarball.ts";

/** A release: what the app is, and where its migrations are. */
export type AppRelease = { number: number; code: 1 | 2; migrations: string };

export const appImage = (release: number): string => `localhost/workoutlog:${release}`;

/** Builds the app once and writes one archive of all these images, which share all but their migrations. */
export async function writeAppImages(archive: string, releases: AppRelease[]): Promise<void> {
  await using folder = await temporaryFolder("app");
  await using app = await waiting("building WorkoutLog (npm ci, next build)", built(folder.path));
  const root = join(folder.path, "root");
  await mkdir(root);
  await cp(app.standalone, join(root, "app"), { recursive: true, verbatimSymlinks: true });
  await rm(join(root, "app/releases"), { recursive: true });
  await addCp(root);
  const program = await layerOf(root, join(folder.path, "app.tar"));
  await writeBase(folder.path, join(folder.path, "base.tar"));
  const base = await layerFrom(join(folder.path, "base.tar"));
  const images = [];
  for (const release of releases) {
    const layers = [base, program, await migrationsOf(release, folder.path)];
    images.push({ tag: appImage(release.number), layers, config: configOf(release) });
  }
  await writeImages(archive, images);
}

async function built(folder: string) {
  return await buildApp(await packLockkeeper(folder));
}

async function migrationsOf({ number, migrations }: AppRelease, folder: string): Promise<Layer> {
  const root = join(folder, `release-${number}`);
  await cp(migrations, join(root, "app/drizzle"), { recursive: true });
  return await layerOf(root, `${root}.tar`);
}

const configOf = ({ code }: AppRelease) => ({
  Env: [
    "PATH=/nodejs/bin:/bin",
    "NODE_ENV=production",
    "NEXT_TELEMETRY_DISABLED=1",
    `WORKOUTLOG_RELEASE=${code}`,
    "WORKOUTLOG_MIGRATIONS=/app/drizzle",
  ],
  Entrypoint: ["/nodejs/bin/node", "server.js"],
  WorkingDir: "/app",
  User: "65532:65532",
});
