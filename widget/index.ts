/**
 * `<lockkeeper-migrations src="/api/stats/migrations">`: what an ops payload says, for an app's own stats page. It asks by
 * the page's own session and knows no token: the app answers at `src`, as it likes to let people in, and asks with the token.
 *
 * `src`: where the payload is. `refresh`: seconds between two looks, 30 if it isn't given; 0 looks once. Hidden pages don't ask.
 */
import { STYLE } from "./style.ts";
import { alertsOf, isPayload, lastRun, overall, stateOf } from "./state.ts";
import type { Shown } from "./state.ts";
import type { MigrationState, OpsPayload } from "../contract/ops.ts";

const LEAST_SECONDS = 2;
const PATIENCE_MS = 10_000;

type Seen = { payload: OpsPayload | null; at: Date | null; trouble: string };

/** A server renders pages without it: there is no HTMLElement then. */
const Base =
  (globalThis as { HTMLElement?: typeof HTMLElement }).HTMLElement ?? (Object as unknown as typeof HTMLElement);

export class LockkeeperMigrations extends Base {
  static readonly observedAttributes = ["src", "refresh"];
  #root: ShadowRoot | null = null;
  #seen: Seen = { payload: null, at: null, trouble: "" };
  #timer = 0;
  #asking: AbortController | null = null;
  readonly #onVisible = (): void => {
    if (!document.hidden) void this.refresh();
  };

  connectedCallback(): void {
    this.#root ??= this.#attach();
    document.addEventListener("visibilitychange", this.#onVisible);
    this.#draw();
    void this.refresh();
  }

  disconnectedCallback(): void {
    document.removeEventListener("visibilitychange", this.#onVisible);
    clearTimeout(this.#timer);
    this.#asking?.abort();
  }

  attributeChangedCallback(name: string): void {
    if (!this.isConnected) return;
    if (name === "src") this.#seen = { payload: null, at: null, trouble: "" };
    void this.refresh();
  }

  /** Looks at once. */
  async refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    const answer = await ask(this.getAttribute("src") ?? "", asking.signal);
    if (asking.signal.aborted) return;
    const now =
      typeof answer === "string"
        ? { ...this.#seen, trouble: answer }
        : { payload: answer, at: new Date(), trouble: "" };
    this.#seen = now;
    this.#draw();
    const seconds = Number(this.getAttribute("refresh") ?? 30);
    if (!(seconds > 0) || !this.isConnected) return;
    const next = (): void => {
      if (!document.hidden) void this.refresh();
    };
    this.#timer = window.setTimeout(next, Math.max(LEAST_SECONDS, seconds) * 1_000);
  }

  #attach(): ShadowRoot {
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    // By this a page's policy needs no inline styles.
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    return root;
  }

  #draw(): void {
    this.#root?.replaceChildren(view(this.#seen));
  }
}

/** The payload, or what is the trouble. A critical one comes with 503. */
async function ask(src: string, signal: AbortSignal): Promise<OpsPayload | string> {
  if (src === "") return "No address is given: set src.";
  try {
    const response = await fetch(src, {
      headers: { accept: "application/json" },
      credentials: "same-origin",
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    const payload: unknown = await response.json().catch(() => null);
    if (isPayload(payload)) return payload;
    if (response.status === 401 || response.status === 403) return "You may not see this: sign in again.";
    if (response.status === 404) return "There is nothing at this address: is the ops endpoint switched on?";
    return `What came can't be read (${response.status}).`;
  } catch {
    return "The state of the migrations can't be reached.";
  }
}

function view({ payload, at, trouble }: Seen): HTMLElement {
  const head: Shown =
    trouble !== ""
      ? { word: trouble, tone: "unknown" }
      : payload === null
        ? { word: "Loading", tone: "unknown" }
        : overall(payload);
  const from = at === null ? "" : `${trouble === "" ? "as of" : "what is below is from"} ${at.toLocaleTimeString()}`;
  const section = make("section", "");
  section.setAttribute("aria-label", "Database migrations");
  section.setAttribute("aria-busy", String(payload === null && trouble === ""));
  const word = make("p", `word ${head.tone}`, head.word);
  word.setAttribute("role", "status");
  section.append(make("header", "", word, make("p", "quiet", from)));
  if (payload === null) return section;
  section.append(...payload.migrations.map((one) => article(one, payload)));
  if (payload.migrations.length === 0) section.append(make("article", "quiet", "There are no migrations here."));
  return section;
}

function article(migration: MigrationState, payload: OpsPayload): HTMLElement {
  const alerts = alertsOf(payload, migration);
  const { word, tone } = stateOf(migration, alerts);
  const { namespace, name, version, pendingCount, pending } = migration;
  const run = lastRun(migration, Date.now());
  const schema = [
    version === null ? "no version yet" : `at ${version}`,
    pendingCount > 0 ? `${pendingCount} pending: ${pending.join(", ")}` : "",
  ];
  const list = make("ul", "", ...alerts.map(({ severity, message }) => make("li", severity, message)));
  const parts = [
    make("h3", "", namespace === "" ? name : `${namespace}/${name}`),
    make("p", `word ${tone}`, word),
    ...(alerts.length > 0 ? [list] : []),
    make("p", "quiet", schema.filter((part) => part !== "").join(", ")),
    make("p", "quiet", run === null ? "no run on record" : `last run: ${run}`),
  ];
  return make("article", "", ...parts);
}

/** Text stays text, whatever it looks like. */
function make(tag: string, name: string, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  if (name !== "") element.className = name;
  element.append(...children);
  return element;
}

const registry = (globalThis as { customElements?: CustomElementRegistry }).customElements;
if (registry !== undefined && registry.get("lockkeeper-migrations") === undefined) {
  registry.define("lockkeeper-migrations", LockkeeperMigrations);
}
