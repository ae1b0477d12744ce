import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until it is so, at most a minute; then throws and says what it waited for. The garbage collector alone may take
 * half a minute to learn of a new kind.
 */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await isSo()); await sleep(50)) {
    if (Date.now() > end) throw new Error(`Not in a minute: ${what}`);
  }
}
