import { formatDuration } from "../../contract/duration.ts";
import type { Holder } from "../postgres/holder.ts";
import type { Unlocked } from "../unlock.ts";
import { holderText } from "./holder-text.ts";

/** A runner's own session is idle for moments only. One that is idle for longer belongs to nobody. */
const STRANDED_MS = 60_000;
const HIDDEN = "hidden from this role (GRANT pg_read_all_stats shows it)";

/** What `lockkeeper unlock` found and did, for people. */
export function unlockText({ holder, ended, next }: Unlocked): string {
  if (holder === null) return "The migration lock is free.";
  if (!ended)
    return [`The migration lock is held by pid ${holder.pid}.`, ...facts(holder), ...advice(holder)].join("\n");
  const after =
    next === null
      ? "The migration lock is free."
      : `A runner that waited has taken the migration lock: ${holderText(next)}.`;
  return `Ended ${holderText(holder)}.\n${after}`;
}

function facts(holder: Holder): string[] {
  const age = holder.ageMs === null ? "" : ` for ${formatDuration(holder.ageMs)}`;
  const rows: [string, string][] = [
    ["user", holder.user ?? HIDDEN],
    ["application", holder.application ?? "none"],
    ["client", holder.address ?? "a local socket, or hidden from this role"],
    ["connected", holder.connectedMs === null ? HIDDEN : `${formatDuration(holder.connectedMs)} ago`],
    ["state", holder.state === null ? HIDDEN : `${holder.state}${age}`],
    ["statement", holder.query === null ? HIDDEN : oneLine(holder.query)],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(12)} ${value}`);
}

function advice(holder: Holder): string[] {
  const stranded = isStranded(holder)
    ? [
        "It has been idle for long, which a runner never is. A lock looks like that when it was taken through a transaction",
        "pooler (PgBouncer) and stayed behind on the pooler's backend, or when a person's session took it.",
      ]
    : [];
  return [
    ...stranded,
    "To end it: lockkeeper unlock --yes",
    `In SQL:    select pg_terminate_backend(${holder.pid});`,
    "What its transaction has done is rolled back then.",
  ];
}

/** Idle, outside a transaction, for longer than a runner ever is. */
export const isStranded = (holder: Holder): boolean =>
  holder.state === "idle" && holder.ageMs !== null && holder.ageMs > STRANDED_MS;

function oneLine(query: string): string {
  const text = query.trim().replaceAll(/\s+/gu, " ");
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
