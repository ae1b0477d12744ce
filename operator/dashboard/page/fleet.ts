/** The page of all resources. */
import { keyOf } from "../view.ts";
import type { Row } from "../view.ts";
import { cards } from "./cards.ts";
import { el, setText } from "./dom.ts";
import { filter } from "./filter.ts";
import { frame } from "./frame.ts";
import { list } from "./list.ts";
import { listen } from "./live.ts";
import { count } from "./words.ts";

export function showFleet(root: HTMLElement): void {
  const { main, connection, health } = frame(root);
  const title = el("h1", { role: "status" }, "Migrations");
  const nothing = el("div", { class: "nothing", hidden: "" });
  const rows = new Map<string, Row>();
  /** By name, so that nothing jumps about while states change. */
  let sorted: string[] = [];
  let isKnown = false;
  let isAsked = false;

  const ask = (): void => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(draw);
  };
  const chosen = filter(ask);
  const needing = cards(() => chosen.only(["failing", "blocked"]));
  const table = list();
  main.append(title, needing.element, chosen.element, table.element, nothing);

  function draw(): void {
    isAsked = false;
    if (!isKnown) return;
    const all = sorted.flatMap((key) => rows.get(key) ?? []);
    const trouble = [...all.filter(({ tone }) => tone === "blocked"), ...all.filter(({ tone }) => tone === "failing")];
    setText(title, verdict(all, trouble.length));
    document.title = trouble.length === 0 ? "Lockkeeper" : `(${trouble.length}) Lockkeeper`;
    needing.show(trouble);
    chosen.counts(all);
    const shown = all.filter((row) => chosen.fits(row));
    table.element.hidden = shown.length === 0;
    chosen.element.hidden = all.length === 0;
    table.show(shown);
    empty(all.length, shown.length);
  }

  function empty(all: number, shown: number): void {
    nothing.hidden = shown > 0;
    if (shown > 0) return;
    if (all === 0) return nothing.replaceChildren(...FIRST_STEPS());
    const again = el("button", { type: "button" }, "Show all");
    again.addEventListener("click", chosen.clear);
    nothing.replaceChildren(el("p", {}, "Nothing here fits what you look for."), again);
  }

  setInterval(() => table.age(), 1_000);
  listen("/events", {
    ...{ connection, health },
    rows(changed, gone, full) {
      const before = rows.size;
      const known = new Set(full ? changed.map(keyOf) : []);
      if (full) for (const key of rows.keys()) if (!known.has(key)) rows.delete(key);
      let isNew = rows.size !== before;
      for (const key of gone) isNew = rows.delete(key) || isNew;
      for (const row of changed) {
        const key = keyOf(row);
        isNew ||= !rows.has(key);
        rows.set(key, row);
      }
      if (isNew || !isKnown) sorted = [...rows.keys()].toSorted();
      isKnown = true;
      ask();
    },
  });
}

function verdict(all: readonly Row[], trouble: number): string {
  if (all.length === 0) return "No migrations";
  if (trouble > 0) return `${trouble} of ${all.length} ${trouble === 1 ? "needs" : "need"} attention`;
  const at = all.filter(({ tone }) => tone === "running").length;
  const rest = at === 0 ? "" : `, ${at} at work`;
  return `${all.length === 1 ? "1 migration" : count(all.length, "resource")}, nothing wrong${rest}`;
}

const FIRST_STEPS = (): Node[] => [
  el(
    "p",
    {},
    "There is no DatabaseMigration in the namespaces that this operator watches. When one is made, it shows here at once.",
  ),
  el("pre", {}, "kubectl get databasemigrations --all-namespaces"),
];
