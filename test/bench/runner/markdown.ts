import type { Aim } from "./aims.ts";
import type { Row, Summary } from "./summary.ts";

export type Conditions = {
  date: string;
  command: string;
  machine: string;
  versions: string;
  count: number;
  runs: number;
  delays: number[];
  /** What `select 1` took at the median, ms. */
  roundTripMs: Record<number, number>;
  noOpMigrations: number;
  noOpRuns: number;
};

const seconds = (ms: number | undefined) => (ms === undefined ? "" : (ms / 1_000).toFixed(2));
const range = (row: Row, delay: number) => {
  const [low, high] = row.rangeMs[delay] ?? [];
  return low === undefined ? "" : `${seconds(row.medianMs[delay])} (${seconds(low)} to ${seconds(high)})`;
};
const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

const raceTable = ({ rows }: Summary, { delays, count }: Conditions): string[] => {
  if (rows.every((row) => Object.keys(row.medianMs).length === 0)) return ["The race was left out."];
  const slowest = Math.max(...delays);
  const head = ["", ...delays.map((delay) => (delay === 0 ? "no delay, s" : `${delay} ms, s`))];
  head.push(`times the floor, ${slowest} ms`, "round trips per migration", "transaction of a migration");
  return [
    line(head),
    line(head.map((_, column) => (column === 0 || column === head.length - 1 ? "---" : "---:"))),
    ...rows.map((row) => {
      return line([
        row.label,
        ...delays.map((delay) => range(row, delay)),
        row.timesFloor[slowest]?.toFixed(2) ?? "",
        row.roundTrips === null ? "" : (row.roundTrips / count).toFixed(2),
        row.transactions,
      ]);
    }),
  ];
};

const megabytes = (bytes: number) => `${(bytes / 1_000_000).toFixed(0)} MB`;

/** One benchmark's result as Markdown: conditions, table, start, memory, aims. */
export const markdown = (summary: Summary, aims: readonly Aim[], conditions: Conditions): string => {
  const { noOp, memory } = summary;
  const added = conditions.delays.filter((delay) => delay > 0);
  const text = [
    `Measured on ${conditions.date} by \`${conditions.command}\`: ${conditions.machine}; ${conditions.versions}.`,
    "",
    `${conditions.count} small migrations of one statement each; medians of ${conditions.runs} runs (fastest to slowest).`,
    ...added.map(
      (delay) =>
        `With ${delay} ms added, \`select 1\` took ${conditions.roundTripMs[delay]?.toFixed(2)} ms at the median.`,
    ),
    "",
    ...raceTable(summary, conditions),
    "",
  ];
  if (noOp !== null) {
    text.push(
      `A start with nothing to do (${conditions.noOpMigrations} migrations, all applied): ${noOp.lockkeeperMs.toFixed(0)} ms; \`node -e 0\`: ${noOp.nodeMs.toFixed(0)} ms; medians of ${conditions.noOpRuns}.`,
      "",
    );
  }
  if (memory !== null) {
    text.push(
      `Resident peak: \`node -e 0\` ${megabytes(memory.emptyNode)}, one small migration ${megabytes(memory.small)}, 5,000 migrations ${megabytes(memory.many)}, one migration of ${megabytes(memory.largeFileBytes)} ${megabytes(memory.large)}.`,
      "",
    );
  }
  text.push(line(["aim", "measured", ""]), line(["---", "---", "---"]));
  for (const { aim, measured, reached } of aims) {
    text.push(line([aim, measured, reached === null ? "not measured" : reached ? "reached" : "not reached"]));
  }
  return text.join("\n");
};
