import { z } from "zod";
import { parseJson } from "./json.ts";
import { refuse, show } from "./refuse.ts";

const Entry = z.looseObject({
  idx: z.number().int().nonnegative(),
  when: z.number().int().nonnegative(),
  tag: z.string().min(1),
});

const Journal = z.looseObject({
  version: z.union([z.string(), z.number()]),
  dialect: z.string(),
  entries: z.array(Entry),
});

export type JournalEntry = { tag: string; when: number; line: number };

/**
 * The entries of drizzle-kit's `meta/_journal.json`, in its order. Gaps in idx are usual (removed or squashed ones); what
 * is there twice, another database's dialect or broken JSON is refused with file, line and column.
 */
export function parseJournal(text: string, file: string): JournalEntry[] {
  const json = parseJson(text.replace(/^\uFEFF/, ""));
  if ("message" in json) throw refuseBroken(text, file, json);
  const { lineOf } = json;
  const journal = Journal.safeParse(json.value);
  if (!journal.success) {
    const { path, message } = journal.error.issues[0] ?? { path: [], message: "invalid" };
    throw refuse({ file, line: lineOf(path) }, `${show(path.join(".")) || "the journal"}: ${message}`, NOT_A_JOURNAL);
  }
  const { dialect, entries } = journal.data;
  if (dialect !== "postgresql" && dialect !== "pg") {
    throw refuse(
      { file, line: lineOf(["dialect"]) },
      `the migrations are for ${show(dialect)}, not for PostgreSQL`,
      "Name the folder of the PostgreSQL migrations by --dir.",
    );
  }
  for (const key of ["idx", "when", "tag"] as const) {
    const seen = new Map<string | number, number>();
    for (const [index, entry] of entries.entries()) {
      const line = lineOf(["entries", index, key]);
      const before = seen.get(entry[key]);
      if (before !== undefined) {
        throw refuse(
          { file, line },
          `the ${key} ${show(String(entry[key]))} is there twice, first on line ${before}`,
          "Two branches may have made a migration each: generate one of them again on top of the other.",
        );
      }
      seen.set(entry[key], line);
    }
  }
  return entries.map(({ tag, when }, index) => ({ tag, when, line: lineOf(["entries", index]) }));
}

const NOT_A_JOURNAL = "A drizzle journal has version, dialect and entries, each of them with idx, when and tag.";

function refuseBroken(text: string, file: string, error: { line: number; column: number; message: string }): Error {
  const conflict = /^(?:<{7}|={7}|>{7})(?: |\r?$)/m.test(text);
  return refuse(
    { file, line: error.line },
    `broken JSON at column ${error.column}: ${error.message}`,
    conflict ? "It holds a merge conflict: resolve it." : "Repair it, or take it from the last commit that worked.",
  );
}
