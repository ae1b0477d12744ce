/** The page's own files, as build/dashboard.ts made them: `NAME-HASH.EXT`, so that a browser may keep each for ever. */
import { readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

export type Asset = { name: string; type: string; bytes: Buffer; gzipped: Buffer };
/** By their names, and which of them is `page.js`. */
export type Assets = { files: ReadonlyMap<string, Asset>; nameOf(plain: string): string };

const TYPES: Record<string, string> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};
const NAME = /^([a-z]+)-[A-Z0-9]{8}\.(js|css|svg)$/;
const NEEDED = ["page.js", "style.css", "theme.js", "icon.svg"];

/** Beside the bundle in the image; run from source, where `node build/dashboard.ts` puts them. */
export const assetsFolder = (program: string): string =>
  program.endsWith(".ts") ? join(dirname(program), "../dist/dashboard") : join(dirname(program), "dashboard");

/** Throws where the folder lacks one. */
export async function readAssets(folder: string): Promise<Assets> {
  const files = new Map<string, Asset>();
  const names = new Map<string, string>();
  for (const name of await readdir(folder)) {
    const [, plain, extension = ""] = NAME.exec(name) ?? [];
    const type = TYPES[extension];
    if (plain === undefined || type === undefined) continue;
    const bytes = await readFile(join(folder, name));
    files.set(name, { name, type, bytes, gzipped: await promisify(gzip)(bytes) });
    names.set(`${plain}.${extension}`, name);
  }
  const missing = NEEDED.filter((plain) => !names.has(plain));
  if (missing.length > 0) throw new Error(`${folder} has no ${missing.join(", ")}`);
  return { files, nameOf: (plain) => names.get(plain) ?? "" };
}
