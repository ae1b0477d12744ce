import { pathIn, showIn } from "./folder.ts";
import type { Folder } from "./folder.ts";
import { compareNames } from "./order.ts";
import { refuse, show } from "./refuse.ts";
import type { Found, Listing } from "./reader.ts";

/** `.js`, `.mjs` and `.ts` files that export `up` and, if it can be undone, `down`; in the order of compareNames. */
export function listModules(folder: Folder): Listing {
  const files = new Map<string, string>();
  const warnings: string[] = [];
  for (const file of folder.files) {
    if (QUIET.test(file)) continue;
    if (!isScript(file)) {
      warnings.push(`${showIn(folder, file)} is not a migration and was left alone`);
      continue;
    }
    const name = /^(.+)\.(?:m?js|ts)$/.exec(file)?.[1];
    if (name === undefined) {
      const hint = "Write the migration as .js, .mjs or .ts, or move the file to another folder.";
      throw refuse({ file: pathIn(folder, file) }, "is a kind of script that Lockkeeper doesn't run", hint);
    }
    const other = files.get(name);
    if (other !== undefined) {
      throw refuse(
        { file: pathIn(folder, file) },
        `gives the migration ${show(name)} a second time: ${showIn(folder, other)} is it too`,
        "Remove one of the two; what a compiler makes belongs in a folder of its own.",
      );
    }
    files.set(name, file);
  }
  for (const name of folder.folders.keys()) {
    if (isScript(name)) throw refuse({ file: pathIn(folder, name) }, "is a folder, not a file", "Rename it.");
  }
  const found = [...files.keys()].toSorted(compareNames).map((name): Found => {
    const file = pathIn(folder, files.get(name) ?? "");
    return { name, kind: "module", file, when: null, downFile: file };
  });
  return { found, warnings };
}

/** What belongs beside modules and is no migration: types, tests, source maps, a package's settings. */
const QUIET = /\.d\.[mc]?ts$|\.(?:test|spec)\.[mc]?[jt]sx?$|\.map$|^(?:package|tsconfig)\.json$/;

/** Whether a file is code, so that it stands for a migration or contradicts a folder of SQL. */
export const isScript = (file: string): boolean => /\.[mc]?[jt]sx?$/i.test(file) && !QUIET.test(file);

export function firstModule(folder: Folder): string | null {
  for (const file of folder.files) if (isScript(file)) return file;
  return null;
}
