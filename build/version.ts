/** Writes contract/version.ts from package.json: a bundle and an installed package know their version without a file. */
import { readFile, writeFile } from "node:fs/promises";

const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};
await writeFile(
  new URL("../contract/version.ts", import.meta.url),
  `/** Lockkeeper's version. Generated from package.json by \`npm run generate\`. */\nexport const VERSION = ${JSON.stringify(version)};\n`,
);
