import { readdir as readdirByCallback, stat as statByCallback } from "node:fs";
import type { Dirent } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { mapBounded } from "./bounded.ts";
import { compareCodeUnits } from "./order.ts";
import { refuse, refuseUnreadable, show } from "./refuse.ts";

/** What a folder holds, two levels deep, sorted by code units, without what is ignored. Contents are not read yet. */
export type Folder = {
  dir: string;
  files: Set<string>;
  /** Each subfolder with the names of what it holds. */
  folders: Map<string, Set<string>>;
};

// node:fs/promises takes longer to load than a small folder takes to read.
const readdir = promisify(readdirByCallback);
const stat = promisify(statByCallback);

const AT_ONCE = 16;

/**
 * Hidden ones include what Kubernetes puts into a mounted ConfigMap (`..data`, `..2026_01_01`); the files of such a
 * mount are symbolic links into them.
 */
const IGNORED = /^\.|\.md$|^(?:readme|licen[cs]e)(?:\.(?:txt|rst))?$/i;

/** Lists a folder. Links are followed. Throws invalid source where it can't be read or a link leads nowhere. */
export async function listFolder(dir: string, signal?: AbortSignal): Promise<Folder> {
  const entries = await list(dir).catch((error: unknown) => refuseFolder(dir, error));
  entries.sort((a, b) => compareCodeUnits(a.name, b.name));
  const kinds = await mapBounded(
    entries,
    AT_ONCE,
    () => null,
    (entry) => kindOf(dir, entry),
    signal,
  );
  const files = entries.filter((_, index) => kinds[index] === "file");
  const folders = entries.filter((_, index) => kinds[index] === "folder");
  const inner = await mapBounded(
    folders,
    AT_ONCE,
    () => null,
    async ({ name }) => {
      const path = join(dir, name);
      const found = await list(path).catch((error: unknown) => {
        throw refuseUnreadable(path, error);
      });
      return new Set(found.map((entry) => entry.name).toSorted(compareCodeUnits));
    },
    signal,
  );
  return {
    dir,
    files: new Set(files.map((entry) => entry.name)),
    folders: new Map(folders.map((entry, index) => [entry.name, inner[index] ?? new Set()])),
  };
}

async function list(dir: string): Promise<Dirent[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  return entries.filter((entry) => !IGNORED.test(entry.name));
}

async function kindOf(dir: string, entry: Dirent): Promise<"file" | "folder"> {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "folder";
  const file = join(dir, entry.name);
  // Links, and file systems that don't tell the kind. A pipe must never be opened: that would wait without end.
  const stats = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw entry.isSymbolicLink() && error.code === "ENOENT"
      ? refuse(
          { file },
          "is a symbolic link that leads nowhere",
          "Remove the link, or bring back what it points to.",
          error,
        )
      : refuseUnreadable(file, error);
  });
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  throw refuse({ file }, "is neither a file nor a folder", "Remove the pipe, socket or device from the folder.");
}

function refuseFolder(dir: string, error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") {
    const hint = "Name the folder with the migrations by --dir; in a container look at what was copied or mounted.";
    throw refuse({ file: dir }, "the folder doesn't exist", hint, error);
  }
  if (code === "ENOTDIR") {
    throw refuse({ file: dir }, "is a file, not a folder", "Name the folder that holds it by --dir.", error);
  }
  throw refuseUnreadable(dir, error);
}

/** The path of a file in it, for reading. */
export const pathIn = (folder: Folder, ...names: string[]): string => join(folder.dir, ...names);

/** The path of a file in it, for messages. */
export const showIn = (folder: Folder, ...names: string[]): string => show(join(folder.dir, ...names));
