import { parseJson } from "./json.ts";
import type { ParsedJson } from "./json.ts";
import { refuse, show } from "./refuse.ts";

type Entry = { idx: number; when: number; tag: string };
type Journal = { dialect: string; entries: Entry[] };

export type JournalEntry = { tag: string; when: number; line: number };

/**
 * The entries of drizzle-kit's `meta/_journal.json`, in its order. Gaps in idx are usual (removed or squashed ones); what
 * is there twice, another database's dialect or broken JSON is refused with file, line and column.
 */
export function parseJournal(text: string, file: string): JournalEntry[] {
  const json = parseJson(text.replace(/^\uFEFF/, ""));
  if ("message" in json) throw refuseBroken(text, file, json);
  const { lineOf } = json;
  const { dialect, entries } = readJournal(json, file);
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

/**
 * The journal's form, checked by hand: the validation library takes longer to load than a run with nothing to do takes for
 * all the rest.
 */
function readJournal({ value, lineOf }: ParsedJson, file: string): Journal {
  const demand = (holds: boolean, path: (string | number)[], expected: string): void => {
    if (holds) return;
    throw refuse(
      { file, line: lineOf(path) },
      `${show(path.join(".")) || "the journal"}: ${expected} expected`,
      NOT_A_JOURNAL,
    );
  };
  demand(isObject(value), [], "an object");
  const { version, dialect, entries } = value as Record<string, unknown>;
  demand(typeof version === "string" || typeof version === "number", ["version"], "a string or a number");
  demand(typeof dialect === "string", ["dialect"], "a string");
  demand(Array.isArray(entries), ["entries"], "a list");
  for (const [i, entry] of (entries as unknown[]).entries()) {
    demand(isObject(entry), ["entries", i], "an object");
    const { idx, when, tag } = entry as Record<string, unknown>;
    demand(isCount(idx), ["entries", i, "idx"], "a whole number");
    demand(isCount(when), ["entries", i, "when"], "a whole number");
    demand(typeof tag === "string" && tag !== "", ["entries", i, "tag"], "a name");
  }
  return { dialect: dialect as string, entries: entries as Entry[] };
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const NOT_A_JOURNAL = "A drizzle journal has version, dialect and entries, each of them with idx, when and tag.";

function refuseBroken(text: string, file: string, error: { line: number; column: number; message: string }): Error {
  const conflict = /^(?:<{7}|={7}|>{7})(?: |\r?$)/m.test(text);
  return refuse(
    { file, line: error.line },
    `broken JSON at column ${error.column}: ${error.message}`,
    conflict ? "It holds a merge conflict: resolve it." : "Repair it, or take it from the last commit that worked.",
  );
}
