import { BURST } from "./aims.ts";
import type { Aim } from "./aims.ts";
import { CLIENTS } from "./create.ts";
import type { Latency, Spread, Summary } from "./summary.ts";

export type Conditions = { date: string; command: string; machine: string; versions: string; rounds: number };

const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
export const table = (head: readonly string[], rows: readonly (readonly string[])[], numbers = true): string[] => [
  line(head),
  line(head.map((_, column) => (column === 0 || !numbers ? "---" : "---:"))),
  ...rows.map(line),
  "",
];
export const number = (value: number, digits = 0): string => value.toFixed(digits);
export const spread = ({ median, least, most }: Spread, digits = 0): string =>
  `${number(median, digits)} (${number(least, digits)} to ${number(most, digits)})`;
const megabytes = (bytes: number): string => `${number(bytes / 1e6)} MB`;
export const latency = (of: string, { count, p50, p99, most }: Latency): string[] => [
  of,
  ...[String(count), number(p50, 1), number(p99, 1), number(most, 1)],
];

/** One benchmark's result as Markdown: conditions, tables, aims. */
export function markdown(summary: Summary, aims: readonly Aim[], conditions: Conditions): string {
  const { date, command, machine, versions, rounds } = conditions;
  return [
    `Measured on ${date} by \`${command}\`: ${machine}; ${versions}. Medians of ${rounds} rounds (least to most).`,
    "",
    ...throughput(summary),
    ...latencies(summary),
    ...resting(summary),
    ...table(
      ["aim", "measured", ""],
      aims.map(({ aim, measured, reached }) => [
        aim,
        measured,
        reached === null ? "not measured" : reached ? "reached" : "not reached",
      ]),
      false,
    ),
  ]
    .join("\n")
    .trimEnd();
}

function throughput({ floor, floorPerSecond, writesPerSecond, bursts, many }: Summary): string[] {
  if (floor.length === 0 && bursts.length === 0 && many === null) return [];
  const share = (perSecond: number): string => (floorPerSecond === null ? "" : number(perSecond / floorPerSecond, 2));
  return table(
    ["", "Jobs a second", "of the floor", "CPU each, ms"],
    [
      ...floor.map(({ inFlight, perSecond }) => [
        `Jobs alone, ${inFlight} in flight`,
        spread(perSecond),
        share(perSecond.median),
        "",
      ]),
      ...(writesPerSecond === null
        ? []
        : [
            [
              `the same writes for ${BURST} resources by a plain client, ${CLIENTS} in flight`,
              spread(writesPerSecond),
              share(writesPerSecond.median),
              "",
            ],
          ]),
      ...bursts.map(({ count, perSecond, cpuMsEach }) => [
        `Lockkeeper, ${count} resources`,
        spread(perSecond),
        share(perSecond.median),
        number(cpuMsEach, 2),
      ]),
      ...(many === null
        ? []
        : [
            [
              `Lockkeeper, the last ${BURST} of ${many.count} resources`,
              number(many.last.perSecond),
              share(many.last.perSecond),
              number(many.last.cpuMsEach, 2),
            ],
          ]),
    ],
  );
}

function latencies({ bursts, alone, writesAlone, many }: Summary): string[] {
  const rows = [
    ...bursts.map(({ count, toJob }) => latency(`from create to Job, in a burst of ${count}`, toJob)),
    ...(alone === null ? [] : [latency("from create to Job, one at a time", alone)]),
    ...(writesAlone === null ? [] : [latency("status and Job by a plain client, one at a time", writesAlone)]),
  ];
  if (many !== null) {
    rows.push(latency(`from create to Job, in a burst of the last ${BURST} of ${many.count}`, many.last.toJob));
    rows.push(latency(`from create to Job, one at a time, with ${many.count} others`, many.oneByOne));
    const writes = `status and Job by a plain client, one at a time, with ${many.count} others`;
    rows.push(latency(writes, many.writesOneByOne));
    rows.push(latency("from the event of a container's end to the condition's", many.toCondition));
  }
  return rows.length === 0 ? [] : table(["ms", "of", "p50", "p99", "most"], rows);
}

function resting({ empty, many }: Summary): string[] {
  const text: string[] = [];
  if (empty !== null) {
    const { readyMs, residentBytes, restCores } = empty;
    text.push(
      `Without a resource: ready ${spread(readyMs)} ms after its start, ${megabytes(residentBytes.median)} resident; at rest ${number(restCores * 100, 2)} % of a core.`,
      "",
    );
  }
  if (many !== null) {
    const { lists } = many;
    text.push(
      `With ${lists.resources} resources, ${lists.jobs} Jobs and ${lists.pods} pods: ${megabytes(many.residentBytes)} resident after making them (${megabytes(many.peakBytes)} at most meanwhile), ` +
        `${megabytes(many.restartedBytes)} after a restart (${megabytes(many.restartedPeakBytes)} at most); ready ${spread(many.readyMs)} ms after its start; ` +
        `everything listed again in ${spread(many.relistMs)} ms, the same ${megabytes(lists.bytes)} by a plain client that reads nothing of them in ${spread(many.plainListMs)} ms; at rest ${number(many.restCores * 100, 2)} % of a core. ` +
        `From a run's end to its condition the operator takes ${number(many.endsCpuMsEach, 2)} ms of CPU.`,
      "",
    );
  }
  return text;
}
