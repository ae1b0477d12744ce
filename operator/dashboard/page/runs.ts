/** The runs as a table that can be read without seeing the chart, each with what it told. */
import type { StatusRun } from "../../../contract/resource/status.ts";
import { blockedBy } from "../../../contract/sentence.ts";
import { formatDuration } from "../../../contract/duration.ts";
import { el } from "./dom.ts";
import { ago, at, shortSource, took } from "./words.ts";

export type Runs = { element: HTMLElement; show(runs: readonly StatusRun[]): void; age(): void };

export function runs(): Runs {
  const made = new Map<string, { json: string; element: HTMLElement; age: HTMLElement; run: StatusRun }>();
  const element = el("ol", { class: "runs", "aria-label": "Runs, newest first" });
  return {
    element,
    show(next) {
      const ids = new Set(next.map(({ id }) => id));
      for (const id of made.keys()) if (!ids.has(id)) made.delete(id);
      for (const run of next) {
        const json = JSON.stringify(run);
        if (made.get(run.id)?.json === json) continue;
        const age = el("span", { class: "age" }, ago(run.finishedAt ?? run.startedAt));
        const wasOpen = made.get(run.id)?.element.querySelector("details")?.open === true;
        const item = runItem(run, age);
        const details = item.querySelector("details");
        if (details !== null) details.open = wasOpen;
        made.set(run.id, { json, age, run, element: item });
      }
      const items = next.flatMap(({ id }) => made.get(id)?.element ?? []);
      if (items.length !== element.childElementCount || items.some((item, index) => element.children[index] !== item)) {
        element.replaceChildren(...items);
      }
    },
    age() {
      for (const { age, run } of made.values()) age.textContent = ago(run.finishedAt ?? run.startedAt);
    },
  };
}

function runItem(run: StatusRun, age: HTMLElement): HTMLElement {
  const { status, error, applied = [], lockWaitMs = 0 } = run;
  const what =
    error?.message ??
    (applied.length === 0
      ? "nothing to apply"
      : `applied ${applied.slice(0, 3).join(", ")}${applied.length > 3 ? ` and ${applied.length - 3} more` : ""}`);
  const waited = lockWaitMs > 0 ? `waited ${formatDuration(lockWaitMs)}` : "";
  return el(
    "li",
    { "data-status": status },
    el(
      "details",
      {},
      el(
        "summary",
        {},
        el("span", { class: "status" }, status),
        el("span", { class: "what" }, status === "RUNNING" ? "at work" : what),
        el("span", { class: "took" }, [took(run), waited].filter((part) => part !== "").join(", ")),
        age,
      ),
      facts(run),
    ),
  );
}

function facts(run: StatusRun): HTMLElement {
  const { error } = run;
  const who = blockedBy((run.blockers ?? []).map((each) => ({ ...NOBODY, ...withoutUndefined(each) })));
  const rows: [string, string][] = [
    ["Error", error ? `${error.message} (${error.code})` : ""],
    ["Migration", error?.migration ?? ""],
    ["In the way", who],
    ["Applied", (run.applied ?? []).join(", ")],
    ["Version", [run.versionBefore, run.versionAfter].filter((each) => each).join(" → ")],
    ["Source", shortSource(run.source ?? "")],
    ["Began", at(run.startedAt)],
    ["Ended", at(run.finishedAt)],
    ["Ran on", [run.runner, run.host].filter((each) => each).join(", ")],
    ["Job", run.job ?? ""],
    ["Run", run.id],
  ];
  return el(
    "dl",
    {},
    ...rows.filter(([, value]) => value !== "").flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]),
  );
}

const NOBODY = {
  ...{ pid: 0, user: null, application: null, state: null },
  ...{ transactionAge: null, relation: null, mode: null, preparedTransaction: null },
};

type Told = NonNullable<StatusRun["blockers"]>[number];

const withoutUndefined = ({
  pid,
  user,
  application,
  state,
  transactionAge,
  relation,
  mode,
  preparedTransaction,
}: Told) => ({
  ...{ pid, user: user ?? null, application: application ?? null, state: state ?? null },
  ...{ transactionAge: transactionAge ?? null, relation: relation ?? null, mode: mode ?? null },
  preparedTransaction: preparedTransaction ?? null,
});
