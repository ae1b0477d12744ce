/** What needs somebody, above all else: each with its whole sentence. */
import { keyOf } from "../view.ts";
import type { Row } from "../view.ts";
import { el } from "./dom.ts";
import { linkOf } from "./row-view.ts";
import { ago, count, divided, TONE_WORDS } from "./words.ts";

const MOST = 6;

export type Cards = { element: HTMLElement; show(rows: readonly Row[]): void };

/** `more` is called when somebody wants to see those for which there was no room. */
export function cards(more: () => void): Cards {
  const made = new Map<string, { row: Row; element: HTMLElement }>();
  const rest = el("button", { type: "button", class: "quiet more" });
  rest.addEventListener("click", more);
  const element = el("section", { class: "cards", "aria-label": "Needs attention" });
  let order = "";

  return {
    element,
    show(rows) {
      const chosen = rows.slice(0, MOST);
      const keys = new Set(chosen.map(keyOf));
      for (const key of made.keys()) if (!keys.has(key)) made.delete(key);
      for (const row of chosen) {
        const known = made.get(keyOf(row));
        if (known?.row === row) continue;
        const next = card(row);
        if (known !== undefined) {
          const hadFocus = known.element.contains(document.activeElement);
          known.element.replaceWith(next);
          if (hadFocus) next.querySelector("a")?.focus({ preventScroll: true });
        }
        made.set(keyOf(row), { row, element: next });
      }
      rest.textContent = `and ${rows.length - chosen.length} more`;
      const wanted = [...chosen.map(keyOf), rows.length > chosen.length ? "more" : ""].join(" ");
      if (wanted === order) return;
      order = wanted;
      element.hidden = chosen.length === 0;
      const elements = chosen.flatMap((row) => made.get(keyOf(row))?.element ?? []);
      element.replaceChildren(...elements, ...(rows.length > chosen.length ? [rest] : []));
    },
  };
}

/** What is pending is among the facts, and what a run came to is what the condition says, unless a later run cured that. */
function isTold({ tone, reason, pending }: Row, code: Row["alerts"][number]["code"]): boolean {
  if (tone === "blocked") return true;
  if (code === "PENDING_MIGRATIONS") return pending > 0;
  const isOfRun = code === "RECENT_FAILURE" || code === "RECENT_LOCK_TIMEOUT" || code === "LOCK_WAIT";
  return isOfRun && reason !== "Applied" && reason !== "DatabaseAhead";
}

function card(row: Row): HTMLElement {
  const { before, blocker } = divided(row.message);
  const alerts = row.alerts.filter(({ code }) => !isTold(row, code));
  const facts = [
    row.pending > 0 ? `${row.pending} pending` : null,
    row.gated > 0 ? `${count(row.gated, "pod")} at the gate` : null,
    row.version === "" ? null : `at ${row.version}`,
    row.since === null ? null : `not ready for ${ago(row.since).replace(/ ago$/, "")}`,
  ].filter((fact) => fact !== null);
  return el(
    "article",
    { class: "card", "data-tone": row.tone },
    el(
      "p",
      { class: "line" },
      el("span", { class: "tone" }, TONE_WORDS[row.tone]),
      el("span", { class: "reason" }, row.reason),
    ),
    el("h2", {}, el("a", { href: linkOf(row) }, el("span", { class: "namespace" }, `${row.namespace}/`), row.name)),
    el("p", { class: "message" }, before, blocker === "" ? null : el("strong", {}, blocker)),
    ...alerts.map(({ message }) => el("p", { class: "alert" }, message)),
    el("p", { class: "facts" }, facts.join(" · ")),
  );
}
