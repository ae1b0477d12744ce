import { ageText } from "../../contract/ops-message.ts";
import type { Outcome } from "./outcome.ts";
import type { Told } from "./payload.ts";
import { placeOf } from "./settle.ts";

/** More rows than these nobody reads in a CI log; how many more there are is told. */
const MOST_ROWS = 50;

export type About = { where: string; lookbackMinutes: number; now: Date };

/** What a check found, for people: what is wrong, and then each database. */
export function outcomeText(outcome: Outcome, about: About): string {
  const { findings, migrations, hint } = outcome;
  return [
    headline(outcome, about),
    ...table(
      ["SEVERITY", "CODE", "WHERE", "WHAT"],
      findings.map((found) => [found.severity, found.code, placeOf(found), found.message]),
    ),
    ...table(
      ["DATABASE", "VERSION", "PENDING", "LAST RUN"],
      migrations.toSorted(pendingFirst).map((one) => rowOf(one, about.now)),
    ),
    ...(hint === "" ? [] : ["", `hint: ${hint}`]),
  ].join("\n");
}

/** `critical: 2 alerts from https://shop.example.com/api/ops/migrations`. */
export function headline({ status, findings, migrations }: Outcome, { where, lookbackMinutes }: About): string {
  const databases = `${migrations.length} ${migrations.length === 1 ? "database" : "databases"}`;
  const alerts = `${findings.length} ${findings.length === 1 ? "alert" : "alerts"}`;
  if (status === "unknown") return "unknown: the state of the migrations can't be told";
  return `${status}: ${alerts} for ${databases}, looking ${lookbackMinutes} min back (${where})`;
}

const pendingFirst = (a: Told["migrations"][number], b: Told["migrations"][number]): number =>
  Number(b.pendingCount > 0) - Number(a.pendingCount > 0);

/** One database: its place, version, how many are pending, its last run. */
export function rowOf(one: Told["migrations"][number], now: Date): string[] {
  const [last] = one.recentRuns;
  return [
    placeOf(one),
    one.version ?? "nothing applied",
    String(one.pendingCount),
    last === undefined ? "none known" : lastRun(last, now),
  ];
}

function lastRun(
  { status, runner, startedAt, finishedAt }: Told["migrations"][number]["recentRuns"][number],
  now: Date,
): string {
  const time = Date.parse(finishedAt ?? startedAt);
  return `${status}${Number.isNaN(time) ? "" : ` ${ageText(now.getTime() - time)} ago`}, by ${runner}`;
}

/** Columns as wide as their widest cell; the last one has no end. */
function table(head: string[], rows: string[][]): string[] {
  if (rows.length === 0) return [];
  const shown = [head, ...rows.slice(0, MOST_ROWS)];
  const widths = head.map((_, column) => Math.min(60, Math.max(...shown.map((row) => (row[column] ?? "").length))));
  const lines = shown.map((row) =>
    row.map((cell, column) => (column === head.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join("  "),
  );
  const more = rows.length - MOST_ROWS;
  return ["", ...lines, ...(more > 0 ? [`and ${more} more`] : [])];
}
