/**
 * `node build/dashboard.ts [FOLDER]`: what the browser loads of the dashboard, each file's name with a hash of what is in
 * it. Without a folder it is `dist/dashboard`, where an operator looks that is run from source.
 */
import { mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { BuildOptions } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = "operator/dashboard/page";

/** Builds beside, puts each file in its place, and only then takes the old ones away: who reads meanwhile finds them whole. */
export async function buildDashboard(folder = join(root, "dist/dashboard")): Promise<string> {
  const fresh = `${folder}.${process.pid}`;
  await mkdir(fresh, { recursive: true });
  const common: BuildOptions = {
    absWorkingDir: root,
    outdir: fresh,
    entryNames: "[name]-[hash]",
    bundle: true,
    platform: "browser",
    format: "esm",
    target: ["chrome123", "firefox120", "safari17.5"],
    minify: true,
    charset: "utf8",
    loader: { ".svg": "copy" },
    logLevel: "warning",
  };
  // uPlot's licence asks for its text in every copy; its own comment isn't one that esbuild knows as such.
  const licence = await readFile(join(root, "node_modules/uplot/LICENSE"), "utf8");
  const banner = { js: `/*! uPlot\n${licence.trim()}\n*/` };
  await build({ ...common, banner, entryPoints: { page: `${page}/main.ts` } });
  const entryPoints = { theme: `${page}/theme.ts`, style: `${page}/page.css`, icon: `${page}/icon.svg` };
  await build({ ...common, entryPoints });
  await mkdir(folder, { recursive: true });
  const made = await readdir(fresh);
  for (const name of made) await rename(join(fresh, name), join(folder, name));
  for (const name of await readdir(folder)) if (!made.includes(name)) await rm(join(folder, name));
  await rm(fresh, { recursive: true });
  return folder;
}

if (import.meta.main) {
  const folder = await buildDashboard(process.argv[2] === undefined ? undefined : resolve(process.argv[2]));
  console.log((await readdir(folder)).map((name) => join(folder, name)).join("\n"));
}
