import type { Moment, Step } from "../../proxy/steps.ts";

/** A boundary between two steps of a run: the n-th step with this text on its connection, and when the runner dies there. */
export type Boundary = Step & { n: number; previous: string; moment: Moment };

export const nameOf = ({ connection, n, moment, text }: Boundary): string =>
  `connection ${connection}, #${n} ${moment}: ${text.trim().slice(0, 60).replaceAll(/\s+/g, " ")}`;

export const identity = ({ connection, n, moment, text }: Boundary): string =>
  JSON.stringify([connection, n, moment, text]);

/** What differs from run to run: the nonce, the run's id, the backend's pid, a transaction's id. */
const normal = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "UUID")
    .replaceAll(/(lk_|lockkeeper )[0-9a-f]{24}/g, "$1NONCE")
    .replaceAll(/(OPERATOR\(pg_catalog\.<>\)|l\.pid =) \d+/g, "$1 PID")
    .replaceAll(/(IS DISTINCT FROM) '\d+'/g, "$1 XID");

/** Numbers each connection's steps, by text. */
export function numbered() {
  const counts = new Map<string, number>();
  const last = new Map<number, { n: number; previous: string; text: string }>();
  return (step: Step, moment: Moment): Boundary => {
    const before = last.get(step.connection) ?? { n: 0, previous: "", text: "" };
    const text = normal(step.text);
    if (moment === "answered") return { ...step, moment, ...before };
    const key = `${step.connection} ${text}`;
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    const here = { n, previous: before.text, text };
    last.set(step.connection, here);
    return { ...step, moment, ...here };
  };
}

const READS = /^\s*(?:with|select(?! pg_catalog\.pg_(?:try_)?advisory)|set|reset)\b/i;
const WRITES = /\b(?:insert|update|delete|merge|truncate|create|alter|drop|lock|share|commit)\b/i;

/** Steps that change nothing in the database: whether the server did one before the runner died makes no difference. */
export const isRead = (text: string): boolean => READS.test(text) && !WRITES.test(text);

/** The look for a pooler ends with a COMMIT of the second connection: nobody waits for it, so the lock may come before. */
const endsTheLook = ({ text, previous }: Boundary): boolean => text === "COMMIT" && previous.includes("pg_backend_pid");

/**
 * The case that stands for each boundary, in the order of the boundaries. Until the lock is taken nothing is written, and
 * the look for a pooler goes round in circles: there a boundary is known by the steps before and after it, so that one case
 * stands for all rounds.
 */
function caseKeys(boundaries: Boundary[]): string[] {
  const locked = boundaries.findIndex(({ text }) => text.includes("pg_try_advisory_lock"));
  return boundaries.map((boundary, i) => {
    const { connection, n, previous, text } = boundary;
    if (i < locked || endsTheLook(boundary)) return JSON.stringify([connection, previous, text]);
    return isRead(text) ? JSON.stringify([connection, n, text]) : identity(boundary);
  });
}

/** One case for each boundary, by its key. */
export function casesOf(boundaries: Boundary[]): Map<string, Boundary> {
  const keys = caseKeys(boundaries);
  return new Map(boundaries.map((boundary, i) => [keys[i] ?? "", boundary]));
}

/** The boundaries that none of the cases stands for, by name: holes in the test that ran these cases. */
export function withoutCase(boundaries: Boundary[], cases: ReadonlySet<string>): string[] {
  const keys = caseKeys(boundaries);
  return boundaries.filter((_, i) => !cases.has(keys[i] ?? "")).map(nameOf);
}

/** What the other run doesn't have: up to where the two go apart, a runner doesn't know yet what it has to apply. */
export function beyond(boundaries: Boundary[], other: Boundary[]): Boundary[] {
  const known = new Set(other.map(identity));
  const apart = new Map<number, number>();
  for (const [i, boundary] of boundaries.entries()) {
    if (!known.has(identity(boundary)) && !apart.has(boundary.connection)) apart.set(boundary.connection, i);
  }
  return boundaries.filter(({ connection }, i) => i >= (apart.get(connection) ?? Infinity));
}
