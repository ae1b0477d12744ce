/** How a folder is laid out. */
export const SOURCE_FORMATS = ["drizzle", "sql", "module"] as const;
export type SourceFormat = (typeof SOURCE_FORMATS)[number];

/**
 * One migration, known by name and checksum; its text is read only when it is needed, so that thousands of them take
 * little memory.
 */
export type Migration = {
  /** Unique in its source; the history's key. */
  name: string;
  kind: "sql" | "module";
  /** The file, for reading and for error messages. */
  file: string;
  bytes: number;
  /** Seen while listing: small SQL without directives and without a word that makes it suspicious (words.ts). */
  plain: boolean;
  /** sha256 of the raw file, hex: what drizzle's own migrator computes too. */
  checksum: string;
  /** A drizzle journal's `when`, in ms; drizzle's history matches by it. Null elsewhere. */
  when: number | null;
  /** The file that undoes it (for a module: the same file), or null. */
  downFile: string | null;
};

export type Source = {
  format: SourceFormat;
  dir: string;
  /** In the order in which they are to be applied. */
  migrations: Migration[];
  /** `sha256:...` over names and checksums in order: which migrations these are. */
  digest: string;
  /** What is odd but harmless: an orphan file that no journal entry names. */
  warnings: string[];
};
