/** What a report tells besides its own run's outcome: of the database, its schema, the source, and drift. */
import type { Report } from "../../contract/report.ts";
import type { Release } from "../../contract/resource/status.ts";
import type { Outcome } from "../outcome/outcome.ts";
import { cut } from "./cut.ts";
import type { Ledger } from "./ledger.ts";

/** What a report tells of database, schema and source, whatever the run came to. */
export function learn(
  ledger: Ledger,
  { report, finishedAt }: Extract<Outcome, { is: "reported" }>,
  release: Release | null,
  now: Date,
): Ledger {
  const { database } = report;
  // Without an identity it never got as far as the database, and the counts are none.
  if (database === null) return { ...ledger, telemetry: telemetryOf(report) };
  const other = ledger.database !== null && isOther(ledger.database, database);
  const known = {
    ...ledger,
    epoch: other ? ledger.epoch + 1 : ledger.epoch,
    database: {
      ...database,
      name: cut(database.name, 63),
      systemIdentifier: cut(database.systemIdentifier, 32) || (other ? "" : (ledger.database?.systemIdentifier ?? "")),
    },
    telemetry: telemetryOf(report),
  };
  if (!hasLooked(report)) return known;
  return {
    ...known,
    schema: {
      version: cut(report.versionAfter ?? "", 255),
      applied: report.appliedTotal,
      pending: report.pendingCount,
      pendingNames: report.pending.slice(0, 100).map((name) => cut(name, 255)),
      // The node's clock, which may be ahead: no check for drift would be due before it.
      observedAt: Date.parse(finishedAt) <= now.getTime() ? finishedAt : now.toISOString(),
    },
    source: {
      image: release?.image ?? ledger.source?.image ?? "",
      available: report.available,
      digest: cut(report.digest, 80),
      workloadGeneration: ledger.source?.workloadGeneration ?? 0,
    },
    drifted: driftOf(report),
  };
}

/** One that waited for another runner in vain knows the database and not its history: its counts are none. */
const hasLooked = ({ exitCode, appliedTotal, pendingCount, driftCount }: Report): boolean =>
  exitCode === 0 || appliedTotal + pendingCount + driftCount > 0;

const telemetryOf = ({ telemetry }: Report): NonNullable<Ledger["telemetry"]> => ({
  available: telemetry.available,
  reason: cut(telemetry.reason, 512),
});

/** Another database, or the same one restored elsewhere. An identifier that the role may not read tells nothing. */
function isOther(known: NonNullable<Ledger["database"]>, seen: NonNullable<Report["database"]>): boolean {
  if (known.oid !== seen.oid) return true;
  // The oid within a cluster is the database, whatever it is renamed to.
  if (known.systemIdentifier !== "" && seen.systemIdentifier !== "") {
    return known.systemIdentifier !== cut(seen.systemIdentifier, 32);
  }
  return known.name !== cut(seen.name, 63);
}

function driftOf({ driftCount, drift, error }: Report): Ledger["drifted"] {
  if (driftCount === 0) return { status: "False", reason: "InSync", message: "history and source agree" };
  const names = drift.length === driftCount ? drift.join(", ") : `${drift.join(", ")} and more`;
  const why = error?.code === "DRIFT" ? error.message : `history and source disagree on ${names || driftCount}`;
  return { status: "True", reason: "Drift", message: cut(why, 1_024) };
}
