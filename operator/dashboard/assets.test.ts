import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { assetsFolder, readAssets } from "./assets.ts";

async function folderWith(...names: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-assets-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  for (const name of names) await writeFile(join(folder, name), `of ${name}`);
  return folder;
}

const ALL = ["page-AAAAAAAA.js", "style-BBBBBBBB.css", "theme-CCCCCCCC.js", "icon-DDDDDDDD.svg"];

test("each file has its type, and is there compressed too", async () => {
  const { files, nameOf } = await readAssets(await folderWith(...ALL));
  expect([...files.keys()].toSorted()).toEqual(ALL.toSorted());
  const style = files.get(nameOf("style.css"));
  expect(style?.type).toBe("text/css; charset=utf-8");
  expect(gunzipSync(style?.gzipped ?? "").toString()).toBe("of style-BBBBBBBB.css");
});

test("what isn't one of the page's files is never handed out", async () => {
  const { files } = await readAssets(await folderWith(...ALL, "notes.txt", "page.js", "page-AAAAAAAA.js.map", ".env"));
  expect(files.size).toBe(4);
});

test("a folder that lacks one, or isn't there, can't be used, and the error says why", async () => {
  await expect(readAssets(await folderWith("page-AAAAAAAA.js"))).rejects.toThrow(
    "has no style.css, theme.js, icon.svg",
  );
  await expect(readAssets("/nowhere/at/all")).rejects.toThrow("ENOENT");
});

test("they are beside the bundle, and from source where they are built", () => {
  expect(assetsFolder("/app/lockkeeper-operator.cjs")).toBe("/app/dashboard");
  expect(assetsFolder("/checkout/operator/main.ts")).toBe("/checkout/dist/dashboard");
});
