import { setFlagsFromString } from "node:v8";

/** Node 24's own, as `node --v8-options` tells it. */
const USUAL = "--wasm-tiering-budget=13000000";
const NEVER = "--wasm-tiering-budget=2147483647";

/**
 * PostgreSQL's own parser, as WebAssembly. V8 would find one of its functions worth optimizing after the first few
 * statements, and take 540 MB for that, more than a pod has. The budget is copied when the module is loaded: afterwards it
 * is as it was, for other modules of an app that runs migrations itself.
 */
export async function loadParser() {
  setFlagsFromString(NEVER);
  try {
    // The import begins to load it.
    const parser = await import("libpg-query");
    await parser.loadModule();
    return parser;
  } finally {
    setFlagsFromString(USUAL);
  }
}
