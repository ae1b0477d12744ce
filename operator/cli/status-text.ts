/** What `status` tells: a table of all, or everything about one. */
import { formatDuration } from "../../contract/duration.ts";
import { describeBlocker } from "../../contract/sentence.ts";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { StatusRun } from "../../contract/resource/status.ts";
import { blockerOf } from "./blocker.ts";
import { columns } from "./columns.ts";
import { line } from "./printer.ts";

/** `wall` in ms. */
export function tableOf(migrations: readonly DatabaseMigration[], wall: number, withNamespace: boolean): string {
  const head = ["NAME", "READY", "REASON", "VERSION", "PENDING", "LAST RUN", "AGE"];
  const rows = migrations.map(({ metadata, status }) => {
    const ready = status.conditions?.find(({ type }) => type === "Ready");
    const { schema, runs = [] } = status;
    return [
      ...(withNamespace ? [metadata.namespace] : []),
      metadata.name,
      ready?.status ?? "",
      ready?.reason ?? "not seen by an operator",
      schema?.version ?? "",
      schema === undefined ? "" : String(schema.pending),
      since(runs[0]?.startedAt, wall),
      since(metadata.creationTimestamp, wall),
    ].map(line);
  });
  return columns([[...(withNamespace ? ["NAMESPACE"] : []), ...head], ...rows]).join("\n");
}

/** A pod at the gate: its name, and since when it waits. */
export type GatedRow = { name: string; since: string };

/** `gated`: null where pods may not be read. */
export function detailOf(migration: DatabaseMigration, gated: readonly GatedRow[] | null, wall: number): string {
  const { metadata, spec, status } = migration;
  const { source, schema, telemetry } = status;
  const seen = status.observedGeneration ?? 0;
  const unseen =
    seen < metadata.generation ? `; the operator has seen generation ${seen} of ${metadata.generation}` : "";
  const pairs = [
    ["name", `${metadata.namespace}/${metadata.name}${unseen}`],
    ["source", `${sourceText(spec.source)}${source === undefined ? "" : `, now ${source.image}`}`],
    ["schema", schema === undefined ? "not known yet" : schemaText(schema, wall)],
    [
      "run log",
      telemetry === undefined ? "not known yet" : telemetry.available ? "written" : `none: ${telemetry.reason}`,
    ],
    ...(spec.suspend ? [["suspended", "spec.suspend is true"]] : []),
  ];
  return [
    ...columns(pairs.map((pair) => pair.map(line))),
    ...section(
      "conditions",
      (status.conditions ?? []).map((one) => [one.type, one.status, one.reason, one.message]),
    ),
    ...section("releases", (status.releases ?? []).map(releaseRow)),
    ...section(
      "runs",
      (status.runs ?? []).map((run) => runRow(run, wall)),
    ),
    ...blockedSection(status.runs?.[0]),
    ...gatedSection(gated, wall),
  ].join("\n");
}

type Release = NonNullable<DatabaseMigration["status"]["releases"]>[number];

const releaseRow = ({ revision, image, state, version, attempt, reason, message }: Release): string[] => [
  revision === 0 ? "" : `revision ${revision}`,
  image,
  state,
  version,
  `attempt ${attempt}`,
  state === "Applied" ? "" : [reason, message].filter(Boolean).join(": "),
];

function runRow(
  { id, status, startedAt, finishedAt, source, applied = [], error, job }: StatusRun,
  wall: number,
): string[] {
  const took = durationOf(startedAt, finishedAt);
  return [
    since(startedAt, wall),
    status,
    took,
    source ?? "",
    job ?? "",
    id,
    error == null ? (applied.length === 0 ? "" : `${applied.length} applied`) : `${error.code}: ${error.message}`,
  ];
}

function durationOf(startedAt: string | undefined, finishedAt: string | undefined): string {
  const ms = Date.parse(finishedAt ?? "") - Date.parse(startedAt ?? "");
  return Number.isNaN(ms) ? "" : formatDuration(ms);
}

function blockedSection(run: StatusRun | undefined): string[] {
  const blockers = run?.blockers ?? [];
  return section(
    "the last run was blocked by",
    blockers.map((one) => [describeBlocker(blockerOf(one)), one.mode ?? "", one.relation ?? ""]),
  );
}

function gatedSection(gated: readonly GatedRow[] | null, wall: number): string[] {
  if (gated === null) return ["", "pods at the gate: they may not be read (list pods)"];
  return section(
    "pods at the gate",
    gated.map((pod) => [pod.name, `for ${since(pod.since, wall)}`]),
  );
}

function section(title: string, rows: string[][]): string[] {
  return rows.length === 0 ? [] : ["", title, ...columns(rows.map((row) => ["", ...row].map(line)))];
}

function sourceText({ workload, image, configMap, path }: DatabaseMigration["spec"]["source"]): string {
  if (workload !== undefined) return `${path ?? ""} in the image of Deployment ${workload.name}`;
  return image === undefined ? `ConfigMap ${configMap?.name ?? ""}` : `${path ?? ""} in ${image.ref}`;
}

function schemaText(
  { version, applied, pending, pendingNames, observedAt }: NonNullable<DatabaseMigration["status"]["schema"]>,
  wall: number,
): string {
  const names = pendingNames.length === 0 ? "" : ` (${pendingNames.join(", ")})`;
  return `${version || "no migrations"}: ${applied} applied, ${pending} pending${names}, seen ${since(observedAt, wall)} ago`;
}

function since(time: string | undefined, wall: number): string {
  const at = Date.parse(time ?? "");
  return Number.isNaN(at) ? "" : formatDuration(Math.max(0, Math.floor((wall - at) / 1_000) * 1_000));
}
