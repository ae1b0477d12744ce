/** The page of one resource. */
import type { Detail } from "../view.ts";
import { chart } from "./chart.ts";
import { el, setAttribute } from "./dom.ts";
import { frame } from "./frame.ts";
import { listen } from "./live.ts";
import { runs } from "./runs.ts";
import { ago, at, count, divided, TONE_WORDS } from "./words.ts";

export function showResource(root: HTMLElement, { namespace, name }: { namespace: string; name: string }): void {
  document.title = `${namespace}/${name} · Lockkeeper`;
  const { main, connection, health } = frame(root);
  const trail = el("nav", { "aria-label": "Where you are", class: "trail" }, el("a", { href: "/" }, "All migrations"));
  const title = el("h1", {}, el("span", { class: "namespace" }, `${namespace}/`), name);
  const body = el("div", { class: "resource", hidden: "" });
  const nothing = el(
    "div",
    { class: "nothing", hidden: "" },
    el("p", {}, `There is no DatabaseMigration ${namespace}/${name} (any more).`),
  );
  main.append(trail, title, body, nothing);

  const state = section("state");
  const alerts = section("alerts");
  const facts = el("dl", { class: "facts" });
  const pods = section("pods");
  const plots = chart();
  const record = runs();
  const history = el("section", {}, el("h2", {}, "Runs"), plots.element, record.element);
  const noRuns = el("section", {}, el("h2", {}, "Runs"), el("p", { class: "quiet" }, "No run yet."));
  body.append(state.element, alerts.element, facts, pods.element, history, noRuns);

  setInterval(() => record.age(), 1_000);
  listen(`/events?${new URLSearchParams({ namespace, name }).toString()}`, {
    ...{ connection, health },
    detail(detail) {
      body.hidden = detail === null;
      nothing.hidden = detail !== null;
      if (detail === null) return;
      state.show(stateOf(detail), detail.row.tone);
      alerts.show(alertsOf(detail));
      facts.replaceChildren(...factsOf(detail));
      pods.show(podsOf(detail));
      history.hidden = detail.runs.length === 0;
      noRuns.hidden = detail.runs.length > 0;
      record.show(detail.runs);
      plots.show(detail.runs);
    },
  });
}

function section(name: string) {
  const element = el("section", { class: name, hidden: "" });
  return {
    element,
    show(children: Node[], tone = "") {
      setAttribute(element, "data-tone", tone);
      element.hidden = children.length === 0;
      element.replaceChildren(...children);
    },
  };
}

function stateOf({ row, blocked, conditions }: Detail): Node[] {
  const { before, blocker } = divided(row.message);
  const stalled = conditions.some(({ type, status }) => type === "Stalled" && status === "True");
  const nodes: Node[] = [
    el(
      "p",
      { class: "line" },
      el("span", { class: "tone" }, TONE_WORDS[row.tone]),
      el("span", { class: "reason" }, row.reason),
      row.since === null ? null : el("span", { class: "age", title: at(row.since) }, `since ${at(row.since)}`),
    ),
    el("p", { class: "message" }, before, blocker === "" ? null : el("strong", {}, blocker)),
  ];
  if (blocked.sentence !== "" && row.tone !== "ok") {
    if (blocker === "") nodes.push(el("p", { class: "message" }, blocked.sentence));
    nodes.push(el("p", { class: "hint" }, blocked.hint));
  }
  if (stalled) {
    const command = `kubectl -n ${row.namespace} annotate databasemigration/${row.name} lockkeeper.dev/retry="$(date)" --overwrite`;
    nodes.push(
      el("p", { class: "hint" }, "It isn't tried again by itself. Once it is cured:"),
      el("pre", { tabindex: "0" }, command),
    );
  }
  return nodes;
}

function alertsOf({ alerts }: Detail): Node[] {
  if (alerts.length === 0) return [];
  const items = alerts.map(({ severity, code, message }) =>
    el("li", { "data-severity": severity }, el("span", { class: "code" }, code), " ", message),
  );
  return [el("h2", {}, count(alerts.length, "alert")), el("ul", { class: "alerts" }, ...items)];
}

function factsOf(detail: Detail): Node[] {
  const { row, pendingNames, applied, observedAt, database, telemetry } = detail;
  const more = row.pending - pendingNames.length;
  const pending =
    row.pending === 0 ? "none" : `${row.pending}: ${pendingNames.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  const others = detail.conditions.filter(({ type }) => type === "Drifted" || type === "SharedDatabase");
  const rows: [string, string][] = [
    ["Version", row.version === "" ? "not known yet" : row.version],
    ["Pending", pending],
    ["Applied", observedAt === null ? "not looked at yet" : `${applied}, as seen ${ago(observedAt)}`],
    ["Source", row.source],
    ["Database", database],
    ["Telemetry", telemetry === null || telemetry.available ? "" : `unavailable: ${telemetry.reason}`],
    ...others.map(({ type, status, message }): [string, string] => [type, status === "True" ? message : "no"]),
  ];
  return rows
    .filter(([, value]) => value !== "")
    .map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value)));
}

function podsOf({ gated, row }: Detail): Node[] {
  if (row.gated === 0) return [];
  const items = gated.map(({ pod, since, waitsFor }) => {
    const others = waitsFor.filter((other) => other !== row.name);
    const also = others.length === 0 ? "" : `, also for ${others.join(", ")}`;
    return el("li", {}, el("code", {}, pod), ` waits since ${at(since)}${also}`);
  });
  const more = row.gated - gated.length;
  return [
    el("h2", {}, `${count(row.gated, "pod")} at the gate`),
    el("ul", {}, ...items, ...(more > 0 ? [el("li", {}, `and ${more} more`)] : [])),
  ];
}
