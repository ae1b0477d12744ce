/** `node build/widget.ts`: the widget as one small file that a page can load as it is, in `dist/widget`. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Gives the file's path. */
export async function buildWidget(folder = join(root, "dist/widget")): Promise<string> {
  const outfile = join(folder, "lockkeeper-migrations.js");
  await build({
    absWorkingDir: root,
    outfile,
    entryPoints: ["widget/index.ts"],
    bundle: true,
    platform: "browser",
    format: "esm",
    target: "es2023",
    minify: true,
    charset: "utf8",
    logLevel: "warning",
  });
  return outfile;
}

if (import.meta.main) console.log(await buildWidget());
