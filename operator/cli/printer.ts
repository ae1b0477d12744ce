import { printable } from "../../contract/printable.ts";
import { redact } from "../../contract/redact.ts";
import type { Host } from "./host.ts";

/**
 * What is printed goes through here: resources, events and logs are others' texts, which may neither move the cursor nor show
 * a password. `out` is what was asked for, `err` what is told beside it. A line each, or several.
 */
export type Printer = { out(text: string): void; err(text: string): void };

export const printer = ({ out, err }: Pick<Host, "out" | "err">): Printer => ({
  out: (text) => void out.write(`${clean(text)}\n`),
  err: (text) => void err.write(`${clean(text)}\n`),
});

/** Without control characters but line ends and tabs, nor those that turn or hide what comes after them. */
export const clean = (text: string): string =>
  printable(redact(text, [])).replaceAll(/[\p{Zl}\p{Zp}\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu, " ");

/** The same on one line. */
export const line = (text: string): string =>
  clean(text)
    .replaceAll(/\s*\n\s*/g, " ")
    .trim();
