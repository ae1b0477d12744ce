import { parseDuration } from "../../contract/duration.ts";
import type { Cluster } from "./cluster.ts";
import { invalid } from "./failure.ts";
import type { Host } from "./host.ts";
import type { Arguments } from "./parse.ts";

/** What a command is called with. */
export type Invocation = Arguments & { cluster: Cluster; host: Host };

/** The first operand; its presence was checked. */
export const operandOf = ({ operands }: Pick<Invocation, "operands">): string => operands[0] ?? "";

/** `--timeout` in ms; 0: without limit. */
export function timeoutOf({ values }: Pick<Invocation, "values">): number {
  const text = values.timeout ?? "10m";
  const ms = parseDuration(text);
  if (ms === null)
    throw invalid(
      `--timeout: ${JSON.stringify(text)} isn't a duration`,
      "Write it as 90s, 10m or 1h30m; 0: without limit.",
    );
  return ms;
}
