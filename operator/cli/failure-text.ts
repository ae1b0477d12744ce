import { blockedHint, describeBlocker } from "../../contract/sentence.ts";
import type { Blocker } from "../../contract/run.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Release, StatusRun } from "../../contract/resource/status.ts";
import { blockerOf } from "./blocker.ts";
import { cureOf } from "./cure.ts";
import type { Verdict } from "./verdict.ts";

type Failed = Extract<Verdict, { is: "failed" }>;

/** Why it failed, for people: the reason, the run, the error, who blocked, and what to do. */
export function failureText(
  { reason, message, release }: Failed,
  migration: DatabaseMigration,
  namespace: string,
): string {
  const { name } = migration.metadata;
  const run = (migration.status.runs ?? []).find(({ id }) => id === release?.runId) ?? null;
  const lines = [
    `${reason}: databasemigration/${name}: ${message}`,
    ...(release === null ? [] : aboutRelease(release)),
    ...(run === null ? [] : aboutRun(run)),
    ...cureOf(reason, { name, namespace, job: release?.job ?? null }).map((cure) => `  to do: ${cure}`),
  ];
  return lines.join("\n");
}

function aboutRelease({ image, job, runId, attempt }: Release): string[] {
  return [`  image: ${image}`, `  run: ${runId}, Job ${job}, attempt ${attempt}`];
}

function aboutRun({ error, blockers = [], applied = [], versionAfter }: StatusRun): string[] {
  const where = error?.migration ? ` in ${error.migration}` : "";
  return [
    ...(error == null ? [] : [`  error: ${error.code}${where}: ${error.message}`]),
    ...(applied.length === 0 ? [] : [`  applied before that: ${applied.join(", ")}`]),
    ...(versionAfter === undefined || versionAfter === "" ? [] : [`  the schema is at: ${versionAfter}`]),
    ...blockers.map((blocker) => `  blocked by: ${blockerText(blockerOf(blocker))}`),
    ...(blockers[0] === undefined ? [] : [`  to do: ${blockedHint([blockerOf(blockers[0])])}`]),
  ];
}

function blockerText(blocker: Blocker): string {
  const { mode, relation } = blocker;
  const holds = [mode, relation === null ? null : `on ${relation}`].filter((part) => part !== null).join(" ");
  return `${describeBlocker(blocker)}${holds === "" ? "" : `, ${holds}`}`;
}
