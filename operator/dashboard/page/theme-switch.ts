import { el, setAttribute } from "./dom.ts";

/** The event on `document` after which all colours are others. */
export const THEME_EVENT = "lockkeeper-theme";

const DARK = matchMedia("(prefers-color-scheme: dark)");
DARK.addEventListener("change", () => document.dispatchEvent(new Event(THEME_EVENT)));

const current = (): string => document.documentElement.dataset["theme"] ?? (DARK.matches ? "dark" : "light");

/** A button that changes between dark and light, and keeps it in this browser. */
export function themeSwitch(): HTMLElement {
  const button = el(
    "button",
    { type: "button", class: "quiet theme" },
    el("span", { class: "moon", "aria-hidden": "true" }),
  );
  const show = (): void => setAttribute(button, "aria-label", `Show it ${current() === "dark" ? "light" : "dark"}`);
  button.addEventListener("click", () => {
    const next = current() === "dark" ? "light" : "dark";
    document.documentElement.dataset["theme"] = next;
    try {
      localStorage.setItem("theme", next);
    } catch {
      // It holds for this page then.
    }
    document.dispatchEvent(new Event(THEME_EVENT));
  });
  document.addEventListener(THEME_EVENT, show);
  show();
  return button;
}
