import type { Detail, Health, Row } from "../view.ts";

export type Connection = "connecting" | "live" | "lost";

export type Listener = {
  /** All that changed, at once. `full`: what isn't in it is gone. */
  rows?(rows: Row[], gone: string[], full: boolean): void;
  /** Null: there is no such resource. */
  detail?(detail: Detail | null): void;
  health(health: Health): void;
  connection(state: Connection): void;
};

/** The server says something every 5 s: after so long without a word the connection is dead, whatever the browser thinks. */
const SILENCE_MS = 15_000;
const AGAIN_MS = 3_000;

/**
 * Listens while the page can be seen: a hidden one holds no connection, of which a browser has six for a server. The browser
 * comes again by itself when a connection breaks; where the server refused it, this does.
 */
export function listen(path: string, listener: Listener): void {
  let source: EventSource | null = null;
  let timer = 0;
  let full = false;
  let rows: Row[] = [];
  let gone: string[] = [];

  const heard = (): void => {
    listener.connection("live");
    clearTimeout(timer);
    timer = window.setTimeout(again, SILENCE_MS);
  };
  const again = (): void => {
    listener.connection("lost");
    close();
    timer = window.setTimeout(open, AGAIN_MS);
  };
  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };

  function open(): void {
    close();
    const opened = new EventSource(path);
    source = opened;
    timer = window.setTimeout(again, SILENCE_MS);
    const on = (type: string, take: (data: unknown) => void): void =>
      opened.addEventListener(type, (event) => {
        take(JSON.parse((event as MessageEvent<string>).data));
        heard();
      });
    on("begin", (data) => {
      ({ full } = data as { full: boolean });
      [rows, gone] = [[], []];
    });
    on("rows", (data) => void (rows = rows.concat(data as Row[])));
    on("gone", (data) => void (gone = data as string[]));
    on("end", (data) => {
      listener.rows?.(rows, gone, full);
      [rows, gone] = [[], []];
      listener.health((data as { health: Health }).health);
    });
    on("detail", (data) => listener.detail?.(data as Detail | null));
    on("health", (data) => listener.health(data as Health));
    opened.addEventListener("error", () => {
      listener.connection("lost");
      if (opened.readyState === EventSource.CLOSED && opened === source) void refused();
    });
  }

  /** The session may be over: then the page itself leads to the login. */
  async function refused(): Promise<void> {
    close();
    const page = await fetch(location.pathname, { redirect: "manual", cache: "no-store" }).catch(() => null);
    if (page?.type === "opaqueredirect") return location.assign(`/login?to=${encodeURIComponent(location.pathname)}`);
    timer = window.setTimeout(open, AGAIN_MS * (1 + Math.random()));
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  open();
}
