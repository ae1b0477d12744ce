/** One row of the fleet's list, made once and then only changed. */
import { keyOf } from "../view.ts";
import type { Row } from "../view.ts";
import { el, setAttribute, setText } from "./dom.ts";
import { ago, TONE_WORDS } from "./words.ts";

export type RowView = { element: HTMLElement; link: HTMLAnchorElement; show(row: Row): void; age(): void };

export const linkOf = ({ namespace, name }: Pick<Row, "namespace" | "name">): string =>
  `/migrations/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;

const cell = (name: string, ...children: Node[]): HTMLElement => el("span", { role: "cell", class: name }, ...children);

/** On a phone there are no headings. */
const numberCell = (word: string, number: Node): HTMLElement =>
  cell(`number ${word}`, number, el("span", { class: "word" }, ` ${word}`));

export function rowView(): RowView {
  const tone = cell("tone");
  const namespace = el("span", { class: "namespace" });
  const name = el("span", { class: "name" });
  const link = el("a", { href: "/", tabindex: "-1" }, namespace, name);
  const reason = el("b");
  const message = el("span");
  const version = cell("version");
  const [pending, gated] = [el("span"), el("span")];
  const [pendingCell, gatedCell] = [numberCell("pending", pending), numberCell("gated", gated)];
  const ticks = cell("ticks");
  const last = cell("last");
  const element = el(
    "div",
    { role: "row", class: "row" },
    ...[
      tone,
      cell("resource", link),
      cell("what", reason, document.createTextNode(" "), message),
      version,
      pending,
      gated,
      ticks,
      last,
    ],
  );
  let shown: Row | null = null;
  let ticksShown = "";

  function age(): void {
    setText(last, ago(shown?.lastRunAt));
  }
  return {
    element,
    link,
    age,
    show(row) {
      if (row === shown) return;
      shown = row;
      setAttribute(element, "data-tone", row.tone);
      setAttribute(element, "data-key", keyOf(row));
      setText(tone, TONE_WORDS[row.tone]);
      setText(namespace, `${row.namespace}/`);
      setText(name, row.name);
      setAttribute(link, "href", linkOf(row));
      setText(reason, row.reason);
      setText(message, row.message);
      setText(version, row.version);
      setAttribute(version, "title", row.source);
      setText(pending, String(row.pending));
      setText(gated, String(row.gated));
      setAttribute(pendingCell, "data-some", String(row.pending > 0));
      setAttribute(gatedCell, "data-some", String(row.gated > 0));
      age();
      const next = row.runs.join();
      if (next === ticksShown) return;
      ticksShown = next;
      ticks.replaceChildren(tickMarks(row.runs));
    },
  };
}

/** The oldest first, as one reads. */
function tickMarks(runs: Row["runs"]): HTMLElement {
  const words = runs.length === 0 ? "no runs" : `runs, newest first: ${runs.join(", ")}`;
  const marks = runs.toReversed().map((status) => el("i", { "data-status": status }));
  return el("span", { role: "img", "aria-label": words, title: words }, ...marks);
}
