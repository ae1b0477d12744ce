import type { Lap } from "./laps.ts";

export type Conditions = { date: string; command: string; machine: string; versions: string; fleet: string };
export type Result = { laps: Lap[]; residentMb: { before: number; after: number } };
export type Aim = { aim: string; measured: string; reached: boolean };

/** What the endpoint set out to reach. */
const MOST_MS = 10;

export const aims = ({ laps }: Result): Aim[] =>
  laps
    .filter(({ clients }) => clients === 20)
    .map(({ of, latency }) => ({
      aim: `${of}: p99 within ${MOST_MS} ms`,
      measured: `${latency.p99.toFixed(1)} ms`,
      reached: Number(latency.p99.toFixed(1)) <= MOST_MS,
    }));

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

/** The result as Markdown: conditions, table, aims. */
export function markdown(result: Result, { date, command, machine, versions, fleet }: Conditions): string {
  const { before, after } = result.residentMb;
  return [
    `Measured on ${date} by \`${command}\`: ${machine}; ${versions}. ${fleet}`,
    "",
    row(["", "answer, KB", "answers", "p50, ms", "p99, ms", "most, ms", "CPU, % of a core"]),
    row(["---", "---:", "---:", "---:", "---:", "---:", "---:"]),
    ...result.laps.map(({ of, bytes, latency, cores }) =>
      row([
        ...[of, (bytes / 1_000).toFixed(0), String(latency.count)],
        ...[latency.p50, latency.p99, latency.most].map((ms) => ms.toFixed(1)),
        (cores * 100).toFixed(1),
      ]),
    ),
    "",
    `Resident before the first request: ${before.toFixed(0)} MB; after the last: ${after.toFixed(0)} MB.`,
    "",
    row(["aim", "measured", ""]),
    row(["---", "---", "---"]),
    ...aims(result).map(({ aim, measured, reached }) => row([aim, measured, reached ? "reached" : "not reached"])),
  ].join("\n");
}
