/** The fleet's list: of a thousand rows only those are there that can be seen, so that news cost the same however many there are. */
import { keyOf } from "../view.ts";
import type { Row } from "../view.ts";
import { el, setAttribute } from "./dom.ts";
import { rowView } from "./row-view.ts";
import type { RowView } from "./row-view.ts";

export type List = {
  element: HTMLElement;
  show(rows: readonly Row[]): void;
  /** Lets the ages grow. */
  age(): void;
};

const HEADERS = ["State", "Resource", "Why", "Version", "Pending", "At gate", "Runs", "Last run"];
/** Above and below what can be seen. */
const SPARE = 6;

export function list(): List {
  const body = el("div", { role: "rowgroup", class: "rows" });
  const head = el("div", { role: "row", class: "row head", "aria-rowindex": "1" });
  head.append(...HEADERS.map((text) => el("span", { role: "columnheader" }, text)));
  const element = el(
    "div",
    { role: "table", class: "list", "aria-label": "All migrations" },
    el("div", { role: "rowgroup" }, head),
    body,
  );
  const views = new Map<string, RowView>();
  let rows: readonly Row[] = [];
  let rowHeight = 0;
  /** The one that the tab key comes to: the first, until somebody has gone to another. */
  let active = "";
  let isChosen = false;
  let isAsked = false;

  function measure(): void {
    rowHeight = Number.parseFloat(getComputedStyle(element).getPropertyValue("--row")) || 52;
  }

  function draw(): void {
    isAsked = false;
    const top = -body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(top / rowHeight) - SPARE);
    const end = Math.min(rows.length, Math.ceil((top + window.innerHeight) / rowHeight) + SPARE);
    isChosen &&= rows.some((row) => keyOf(row) === active);
    if (!isChosen) active = rows[0] === undefined ? "" : keyOf(rows[0]);
    const wanted = new Set<string>();
    let before: HTMLElement | null = null;
    for (const [index, row] of rows.entries()) {
      const key = keyOf(row);
      if ((index >= first && index < end) || key === active) {
        wanted.add(key);
        before = place(key, row, index, before);
      }
    }
    for (const [key, view] of views) {
      if (wanted.has(key)) continue;
      view.element.remove();
      views.delete(key);
    }
  }

  /** In the page they stand in their order too, for who hears it; one that is there isn't moved, or it would lose the focus. */
  function place(key: string, row: Row, index: number, before: HTMLElement | null): HTMLElement {
    const view = views.get(key) ?? rowView();
    view.show(row);
    setAttribute(view.element, "aria-rowindex", String(index + 2));
    setAttribute(view.link, "tabindex", key === active ? "0" : "-1");
    const to = `translateY(${index * rowHeight}px)`;
    if (view.element.style.transform !== to) view.element.style.transform = to;
    if (views.has(key)) return view.element;
    views.set(key, view);
    if (before === null) body.prepend(view.element);
    else before.after(view.element);
    return view.element;
  }

  const ask = (): void => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(draw);
  };

  function go(index: number): void {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (row === undefined) return;
    active = keyOf(row);
    isChosen = true;
    draw();
    const view = views.get(active);
    view?.link.focus({ preventScroll: true });
    view?.element.scrollIntoView({ block: "nearest" });
  }

  body.addEventListener("keydown", (event) => {
    const index = rows.findIndex((row) => keyOf(row) === active);
    const page = Math.max(1, Math.floor(window.innerHeight / rowHeight) - 3);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -rows.length,
      End: rows.length,
    };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    go(index + step);
  });
  body.addEventListener("focusin", (event) => {
    const key = (event.target as Element).closest("[data-key]")?.getAttribute("data-key") ?? active;
    isChosen = true;
    if (key === active) return;
    active = key;
    ask();
  });
  window.addEventListener("scroll", ask, { passive: true });
  window.addEventListener("resize", () => {
    measure();
    body.style.height = `${rows.length * rowHeight}px`;
    ask();
  });

  return {
    element,
    show(next) {
      rows = next;
      if (rowHeight === 0) measure();
      body.style.height = `${rows.length * rowHeight}px`;
      setAttribute(element, "aria-rowcount", String(rows.length + 1));
      draw();
    },
    age() {
      for (const view of views.values()) view.age();
    },
  };
}
