/**
 * Imports a module of the user's. It is a file of its own because the bundled program can't do it: what V8 compiled
 * beforehand has no way to import (docs/decisions/011-bundles.md).
 */
export async function importModule(url: string): Promise<unknown> {
  return await import(url);
}
