/** What is around both pages: the bar, and what says how far all this can be trusted. */
import { formatDuration } from "../../../contract/duration.ts";
import type { Health } from "../view.ts";
import { el, setAttribute, setText } from "./dom.ts";
import type { Connection } from "./live.ts";
import { themeSwitch } from "./theme-switch.ts";
import { clock } from "./words.ts";

export type Frame = {
  main: HTMLElement;
  connection(state: Connection): void;
  health(health: Health): void;
};

export function frame(root: HTMLElement): Frame {
  const state = el("span", { class: "connection", "data-state": "connecting" }, "Connecting");
  const banner = el("p", { class: "banner", role: "status", hidden: "" });
  const main = el("main", { id: "main" });
  const version = el("span", { class: "version" });
  const out = el(
    "form",
    { method: "post", action: "/logout" },
    el("button", { type: "submit", class: "quiet" }, "Sign out"),
  );
  root.append(
    el("a", { class: "skip", href: "#main" }, "Skip to the content"),
    el(
      "header",
      { class: "bar" },
      el("a", { class: "mark", href: "/" }, "Lockkeeper"),
      version,
      state,
      themeSwitch(),
      out,
    ),
    banner,
    main,
  );
  let connected: Connection = "connecting";
  let told: Health | null = null;
  let heardAt: Date | null = null;

  function show(): void {
    const trouble = troubleOf(connected, told, heardAt);
    const word =
      connected === "lost"
        ? "Reconnecting"
        : connected === "connecting"
          ? "Connecting"
          : told?.stale
            ? "Stale"
            : "Live";
    setText(state, word);
    setAttribute(state, "data-state", trouble === "" ? connected : connected === "live" ? "stale" : connected);
    banner.hidden = trouble === "";
    setText(banner, trouble);
    setText(version, told?.version ?? "");
  }
  return {
    main,
    connection(next) {
      if (next === "live") heardAt = new Date();
      if (next === connected) return;
      connected = next;
      show();
    },
    health(health) {
      told = health;
      show();
    },
  };
}

function troubleOf(connection: Connection, health: Health | null, heardAt: Date | null): string {
  if (connection === "lost") {
    const known = heardAt === null ? "" : ` What you see is from ${clock(heardAt)}.`;
    return `The operator doesn't answer; trying again.${known}`;
  }
  if (health === null) return "";
  if (!health.synced) return "The operator is still reading the cluster: not all resources are here yet.";
  if (!health.stale) return "";
  return `The operator hasn't heard from the API server for ${formatDuration(health.heardMsAgo)}: news may be missing.`;
}
