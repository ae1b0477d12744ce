import { latency, number, spread, table } from "../operator/markdown.ts";
import type { Aim } from "../operator/aims.ts";
import type { Summary } from "./summary.ts";

export type Conditions = { date: string; command: string; machine: string; versions: string };

/** One benchmark's result as Markdown: conditions, tables, aims. */
export function markdown({ release, proved, floor, many }: Summary, aims: readonly Aim[], is: Conditions): string {
  return [
    `Measured on ${is.date} by \`${is.command}\`: ${is.machine}; ${is.versions}.`,
    "",
    ...table(
      ["ms", "of", "p50", "p99", "most"],
      [
        latency("from the event of a run's end to that of the last gate of a release of 10 pods", release),
        latency("from the event of a new pod of a proved release to that of its gate", proved),
      ],
    ),
    ...table(
      [`${many.count} gated pods`, "a second", "CPU each, ms"],
      [
        ["the same patches by a plain client", spread(floor), ""],
        ["opened by Lockkeeper", spread(many.perSecond), number(many.cpuMsEach, 2)],
      ],
    ),
    ...table(
      ["aim", "measured", ""],
      aims.map(({ aim, measured, reached }) => [aim, measured, reached === true ? "reached" : "not reached"]),
      false,
    ),
  ]
    .join("\n")
    .trimEnd();
}
