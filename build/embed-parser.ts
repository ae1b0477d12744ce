import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import type { Plugin } from "esbuild";

const read = "await readAsync(binaryFile)";
const wasm = "lockkeeper:parser-wasm";

/**
 * Puts the SQL parser's WebAssembly into the bundle, packed. Its loader would read it from a file beside itself, and
 * has no setting for that. It is unpacked when a file is parsed for the first time.
 */
export const embedParser: Plugin = {
  name: "embed-parser",
  setup({ onResolve, onLoad }) {
    onLoad({ filter: /[/\\]libpg-query[/\\]wasm[/\\]libpg-query\.js$/ }, async ({ path }) => {
      const loader = await readFile(path, "utf8");
      if (loader.split(read).length !== 2) throw new Error(`libpg-query reads its WebAssembly in another way: ${path}`);
      return { contents: loader.replace(read, `require("${wasm}").read()`), resolveDir: dirname(path) };
    });
    onResolve({ filter: new RegExp(`^${wasm}$`) }, ({ resolveDir }) => ({
      path: join(resolveDir, "libpg-query.wasm"),
      namespace: wasm,
    }));
    onLoad({ filter: /.*/, namespace: wasm }, async ({ path }) => {
      const packed = brotliCompressSync(await readFile(path), { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
      return {
        contents:
          `const { brotliDecompressSync } = require("node:zlib");` +
          `exports.read = () => brotliDecompressSync(Buffer.from("${packed.toString("base64")}", "base64"));`,
      };
    });
  },
};
