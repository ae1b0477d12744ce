import type { Folder } from "./folder.ts";
import type { Migration } from "./migration.ts";

/** A migration that was found, before its files are looked into. */
export type Found = Pick<Migration, "name" | "kind" | "file" | "when" | "downFile">;

export type Listing = {
  /** In the order in which they are to be applied. */
  found: Found[];
  warnings: string[];
};

/**
 * How one format's folder becomes migrations, by names (and a journal) only. Throws invalid source that names both files
 * where they contradict each other. A folder without migrations gives an empty list.
 */
export type Reader = (folder: Folder) => Listing | Promise<Listing>;
