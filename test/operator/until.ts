import { setTimeout as sleep } from "node:timers/promises";

/** Waits until it is so, at most 20 s; then throws and says what it waited for. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await isSo()); await sleep(50)) {
    if (Date.now() > end) throw new Error(`Not in 20 s: ${what}`);
  }
}
