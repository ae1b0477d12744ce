/** Server-sent events, as text. JSON has no line breaks, so a message's data is one line. */
import type { Delta } from "./fleet.ts";
import type { Health } from "./view.ts";

/** So many rows in a message: a browser takes each as a task of its own. */
const ROWS_IN_MESSAGE = 100;

export const messageText = (event: string, data: unknown, id = ""): string =>
  eventText(event, JSON.stringify(data), id);

/** `begin`, `rows` in parts, `gone`, `end`: only then the client has it all, and only that message has an id. */
export function deltaText({ full, rows, gone }: Delta, health: Health, id: string): string {
  const parts = [messageText("begin", { full })];
  for (let from = 0; from < rows.length; from += ROWS_IN_MESSAGE) {
    parts.push(eventText("rows", `[${rows.slice(from, from + ROWS_IN_MESSAGE).join(",")}]`, ""));
  }
  if (gone.length > 0) parts.push(messageText("gone", gone));
  parts.push(messageText("end", { health }, id));
  return parts.join("");
}

const eventText = (event: string, json: string, id: string): string =>
  `event: ${event}\n${id === "" ? "" : `id: ${id}\n`}data: ${json}\n\n`;
