import { readdir, readFile } from "node:fs/promises";
import type { TestDatabase } from "../postgres/database.ts";

/**
 * A password that each way of writing it changes, and that no redaction rule knows by its form. Each process has its own: a
 * suite that runs beside it, on another server, may have just put its canary among a process's arguments.
 */
export const CANARY = `cänary-${process.pid}:p@ss/w%rd?#[]&=+ 'q"x\\y`;

/** Forms in which it could turn up: as it is, as a URL has it, as JSON has it, and in base64 wherever it begins. */
const FORMS: readonly string[] = [
  CANARY,
  encodeURIComponent(CANARY),
  encodeURIComponent(CANARY).toLowerCase(),
  encodeURI(CANARY),
  JSON.stringify(CANARY).slice(1, -1),
  CANARY.replaceAll("'", "''"),
  ...[0, 1, 2].flatMap((offset) => [base64At(offset, "base64"), base64At(offset, "base64url")]),
];

/** In base64 three bytes are four letters: what stands before shifts them. The first and last letters are not its own. */
function base64At(offset: number, encoding: "base64" | "base64url"): string {
  const text = Buffer.concat([Buffer.alloc(offset), Buffer.from(CANARY)]).toString(encoding);
  return text.replaceAll("=", "").slice(offset === 0 ? 0 : offset + 1, -1);
}

/** Where texts can come to somebody's eyes, and what was found in each. */
export type Texts = Record<string, string>;

/** The channels in which the password was found, in any form. */
export const leaks = (texts: Texts): string[] =>
  Object.entries(texts)
    .filter(([, text]) => FORMS.some((form) => text.includes(form)))
    .map(([channel]) => channel);

/** Every way of writing it that the search knows: for the proof that it finds each. */
export const forms = (): readonly string[] => FORMS;

/** What the database itself holds and shows: every row of our tables, and every session's name and statement. */
export async function databaseTexts(db: TestDatabase): Promise<Texts> {
  const texts: Texts = {};
  const tables = await db.query<{ name: string }>(
    "select c.oid::regclass::text as name from pg_class c where relnamespace = to_regnamespace('lockkeeper') and relkind = 'r'",
  );
  for (const { name } of tables) {
    const rows = await db.query<{ row: string }>(`select t::text || to_json(t)::text as row from ${name} t`);
    texts[name] = rows.map(({ row }) => row).join("\n");
  }
  return { ...texts, pg_stat_activity: await activity(db) };
}

/** What every administrator sees of the sessions. */
export async function activity(db: TestDatabase): Promise<string> {
  const rows = await db.query<{ seen: string }>(
    "select concat_ws(' ', application_name, query) as seen from pg_stat_activity where pid <> pg_backend_pid()",
  );
  return rows.map(({ seen }) => seen).join("\n");
}

/** The arguments of all processes: what every user of the machine sees. */
export async function commandLines(): Promise<string> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = pids.map(async (pid) => await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(lines)).join("\n");
}
