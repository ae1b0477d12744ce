import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Condition, DriftCheck, Release, Status, StatusRun } from "../../contract/resource/status.ts";

/** What status keeps besides the conditions: the operator's memory. Everything else may be lost at any time. */
export type Ledger = {
  epoch: number;
  lastHandledRetry: string;
  lastHandledRecheck: string;
  releases: Release[];
  drift: DriftCheck | null;
  runs: StatusRun[];
  source: NonNullable<Status["source"]> | null;
  schema: NonNullable<Status["schema"]> | null;
  telemetry: NonNullable<Status["telemetry"]> | null;
  database: NonNullable<Status["database"]> | null;
  /** What the last report said of drift; null while nothing did. */
  drifted: Pick<Condition, "status" | "reason" | "message"> | null;
};

/** The ledger as the status has it; of a new resource, an empty one. */
export function readLedger({ status }: DatabaseMigration): Ledger {
  const drifted = status.conditions?.find(({ type }) => type === "Drifted");
  return {
    epoch: status.epoch ?? 1,
    lastHandledRetry: status.lastHandledRetry ?? "",
    lastHandledRecheck: status.lastHandledRecheck ?? "",
    releases: status.releases ?? [],
    drift: status.drift ?? null,
    runs: status.runs ?? [],
    source: status.source ?? null,
    schema: status.schema ?? null,
    telemetry: status.telemetry ?? null,
    database: status.database ?? null,
    drifted:
      drifted === undefined ? null : { status: drifted.status, reason: drifted.reason, message: drifted.message },
  };
}

/** The release that a run is on for, or null. There is never more than one. */
export const running = ({ releases }: Pick<Ledger, "releases">): Release | null =>
  releases.find(({ state }) => state === "Running") ?? null;

export const releaseOf = (ledger: Ledger, key: string): Release | null =>
  ledger.releases.find((release) => release.key === key) ?? null;

/** Whether the release's migrations are proved applied, to this database and since the last recheck. */
export const isProved = (ledger: Ledger, key: string): boolean => {
  const release = releaseOf(ledger, key);
  return release?.state === "Applied" && release.epoch === ledger.epoch;
};

/** The ledger with that release changed, or put first. */
export function withRelease(ledger: Ledger, release: Release): Ledger {
  const others = ledger.releases.filter(({ key }) => key !== release.key);
  return { ...ledger, releases: [release, ...others] };
}

/** The ledger with that run as the newest, or in its place where it is there already. */
export function withRun(ledger: Ledger, run: StatusRun, limit: number): Ledger {
  const known = ledger.runs.some(({ id }) => id === run.id);
  const runs = known ? ledger.runs.map((one) => (one.id === run.id ? run : one)) : [run, ...ledger.runs];
  return { ...ledger, runs: runs.slice(0, limit) };
}
