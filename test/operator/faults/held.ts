/** What an operator process holds: with figures.ts loaded before it. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { OperatorProcess } from "../operator-process.ts";
import { until } from "./stage.ts";

export type Figures = { heap: number; counts: Record<string, number> };

/** Of an operator's environment, so that it can be asked. */
export const TELLS_FIGURES = {
  NODE_OPTIONS: `--import=${fileURLToPath(new URL("figures.ts", import.meta.url))}`,
};

/** What it holds when all is quiet: idle connections end after 30 s, and events come behind the work. */
export async function figuresOf(operator: OperatorProcess): Promise<Figures> {
  const ask = async (): Promise<Figures> => {
    const before = operator.lines.length;
    operator.child.kill("SIGUSR2");
    const found = () => operator.lines.slice(before).find(({ msg }) => msg === "figures");
    await until("it tells its figures", () => found() !== undefined);
    return found() as unknown as Figures;
  };
  let last = await ask();
  for (let same = 0; same < 4; await sleep(1_000)) {
    const next = await ask();
    same =
      JSON.stringify(next.counts) === JSON.stringify(last.counts) && Math.abs(next.heap / last.heap - 1) < 0.01
        ? same + 1
        : 0;
    last = next;
  }
  return last;
}
