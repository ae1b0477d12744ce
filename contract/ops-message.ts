import type { Blocker, RunError } from "./run.ts";

/** `40 s`, `12 min`, `3 h`, `2 d`: how long ago, by its largest unit. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `; blocked by pid 812 (web, idle in transaction for 4m)`, for at most two of them; "" where nobody was seen. */
export function blockedBy(blockers: readonly Blocker[]): string {
  if (blockers.length === 0) return "";
  const shown = blockers.slice(0, 2).map(showBlocker);
  const more = blockers.length - shown.length;
  return `; blocked by ${shown.join(" and ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function showBlocker({ pid, user, application, state, transactionAge, preparedTransaction }: Blocker): string {
  if (preparedTransaction !== null) return `the prepared transaction ${preparedTransaction}`;
  const age = transactionAge === null ? null : `for ${transactionAge}`;
  const doing = [state, age].filter((part) => part !== null).join(" ");
  const known = [application || user, doing].filter((part) => part !== null && part !== "");
  return known.length === 0 ? `pid ${pid}` : `pid ${pid} (${known.join(", ")})`;
}

/** `0042_add_index: relation "a" does not exist (42P01)`. */
export const describe = ({ code, message, migration }: RunError): string =>
  `${migration === null ? "" : `${migration}: `}${message} (${code})`;

/** `1 migration`, `2 migrations`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
