/**
 * Gives package-lock.json the entries of packages for other platforms that the registry it was made with did not have.
 *
 * npm leaves such a package out of the lock file, and `npm ci` then refuses the file, on every platform. The versions
 * are those that the packages asking for them name. The integrity of what could not be seen is left out: npm checks
 * these packages, on the platforms that install them, against the registry's own.
 */
import { readFile, writeFile } from "node:fs/promises";

type Entry = {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
};

type Lock = { packages: Record<string, Entry> };

const systems = new Set(["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "win32"]);

/** Adds what is missing, in place, and returns the paths added. */
export function completeLock(lock: Lock): string[] {
  const added: string[] = [];
  for (const [from, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      // Such packages are asked for by their exact version, or by a caret before it.
      const version = range.replace(/^\^/, "");
      const found = resolve(lock, from, name);
      const forPlatform = platform(name);
      if (forPlatform === undefined || (found !== undefined && lock.packages[found]?.version === version)) continue;
      const path = `${found === undefined ? "" : `${from}/`}node_modules/${name}`;
      lock.packages[path] = sorted({ version, ...(entry.dev ? { dev: true } : {}), optional: true, ...forPlatform });
      added.push(path);
    }
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en")));
  return added;
}

/** In the order in which npm writes it, so that the next install changes nothing. */
function sorted({ version, ...entry }: Entry & { version: string }): Entry {
  return { version, ...Object.fromEntries(Object.entries(entry).toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

/** Where node would find it: in the package that asks, or in a folder above. */
function resolve(lock: Lock, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("node_modules/") - 1))) {
    const path = `${folder === "" ? "" : `${folder}/`}node_modules/${name}`;
    if (path in lock.packages) return path;
    if (folder === "") return undefined;
  }
}

function platform(name: string): Pick<Entry, "os" | "cpu" | "libc"> | undefined {
  const parts = name.split(/[/-]/).map((part) => (part === "windows" ? "win32" : part));
  const at = parts.findLastIndex((part) => systems.has(part));
  const [os, cpu, abi] = parts.slice(at);
  if (at < 0 || os === undefined || cpu === undefined) return undefined;
  if (os !== "linux" || abi === undefined) return { os: [os], cpu: [cpu] };
  return { os: [os], cpu: [cpu], libc: [abi.startsWith("musl") ? "musl" : "glibc"] };
}

if (import.meta.main) {
  for (const file of process.argv.slice(2)) {
    const lock = JSON.parse(await readFile(file, "utf8")) as Lock;
    const added = completeLock(lock);
    // An untouched file keeps its time: set-up compares it.
    if (added.length > 0) await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);
    console.log(`${file}: ${added.length} added`);
  }
}
