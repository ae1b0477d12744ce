/** What of the fleet is shown: by text and by state. Kept in the address, so that it can be sent to somebody. */
import { TONES } from "../view.ts";
import type { Row, Tone } from "../view.ts";
import { el, setAttribute, setText } from "./dom.ts";
import { TONE_WORDS, wordsOf } from "./words.ts";

export type Filter = {
  element: HTMLElement;
  fits(row: Row): boolean;
  counts(rows: Iterable<Row>): void;
  only(tones: readonly Tone[]): void;
  readonly isOn: boolean;
  clear(): void;
};

export function filter(changed: () => void): Filter {
  const search = el("input", {
    ...{
      type: "search",
      id: "search",
      placeholder: "Name, reason, version, image",
      autocomplete: "off",
      spellcheck: "false",
    },
    "aria-keyshortcuts": "/",
  });
  const chosen = new Set<Tone>();
  let words: string[] = [];
  const chips = TONES.map((tone) => {
    const number = el("span", { class: "count" }, "0");
    const button = el(
      "button",
      { type: "button", class: "chip", "data-tone": tone, "aria-pressed": "false", hidden: "" },
      TONE_WORDS[tone],
      " ",
      number,
    );
    button.addEventListener("click", () => {
      if (!chosen.delete(tone)) chosen.add(tone);
      apply();
    });
    return { tone, button, number };
  });
  const element = el(
    "div",
    { class: "filter", role: "search" },
    el("label", { class: "spoken", for: "search" }, "Search"),
    search,
    el(
      "div",
      { class: "chips", role: "group", "aria-label": "Only these states" },
      ...chips.map(({ button }) => button),
    ),
  );

  function apply(): void {
    words = search.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    for (const { tone, button } of chips) setAttribute(button, "aria-pressed", String(chosen.has(tone)));
    const address = new URLSearchParams();
    if (search.value !== "") address.set("q", search.value);
    if (chosen.size > 0) address.set("state", [...chosen].join(","));
    history.replaceState(null, "", address.size === 0 ? location.pathname : `?${address.toString()}`);
    changed();
  }

  const address = new URLSearchParams(location.search);
  search.value = address.get("q") ?? "";
  for (const tone of TONES) if (address.get("state")?.split(",").includes(tone) === true) chosen.add(tone);
  words = search.value
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  for (const { tone, button } of chips) setAttribute(button, "aria-pressed", String(chosen.has(tone)));

  const clear = (): void => {
    search.value = "";
    chosen.clear();
    apply();
  };
  search.addEventListener("input", apply);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") clear();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    search.focus();
  });

  return {
    element,
    clear,
    get isOn() {
      return words.length > 0 || chosen.size > 0;
    },
    fits(row) {
      if (chosen.size > 0 && !chosen.has(row.tone)) return false;
      if (words.length === 0) return true;
      const text = wordsOf(row);
      return words.every((word) => text.includes(word));
    },
    counts(rows) {
      const counts = new Map<Tone, number>();
      for (const { tone } of rows) counts.set(tone, (counts.get(tone) ?? 0) + 1);
      for (const { tone, button, number } of chips) {
        const many = counts.get(tone) ?? 0;
        setText(number, String(many));
        button.hidden = many === 0 && !chosen.has(tone);
      }
    },
    only(tones) {
      chosen.clear();
      for (const tone of tones) chosen.add(tone);
      apply();
    },
  };
}
