import { invalidSource } from "../failure.ts";
import type { Failure } from "../failure.ts";

/** Control, format and line-separating characters: what could move a cursor, break a log line or reverse a text. */
const ODD = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
const EACH_ODD = new RegExp(ODD, "gu");

/** True for names that no message could show as they are. */
export const isOdd = (text: string): boolean => ODD.test(text);

/** A file's name for people: as it is, or quoted and escaped when it holds an escape sequence, a newline or their like. */
export function show(text: string): string {
  if (!isOdd(text)) return text;
  const escaped = text
    .replaceAll(/["\\]/g, String.raw`\$&`)
    .replaceAll(EACH_ODD, (odd) => `\\u{${(odd.codePointAt(0) ?? 0).toString(16)}}`);
  return `"${escaped}"`;
}

/** An error of a file, whose text starts with it: `drizzle/meta/_journal.json:12: what is wrong`. */
export function refuse(
  at: { file: string; line?: number | undefined },
  what: string,
  hint: string,
  cause?: unknown,
): Failure {
  const file = show(at.file);
  const line = at.line === undefined ? {} : { line: at.line };
  const place = at.line === undefined ? file : `${file}:${at.line}`;
  return invalidSource(`${place}: ${what}`, { hint, location: { file, ...line }, cause });
}

/** An error of the file system, in words that tell what to do. */
export function refuseUnreadable(file: string, error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
  const [what, hint] = UNREADABLE[code] ?? [`can't be read (${code})`, "Look at the file and its disk."];
  return refuse({ file }, what, hint, error);
}

const UNREADABLE: Record<string, [what: string, hint: string]> = {
  EACCES: ["can't be read: permission denied (EACCES)", "Make it readable for the user that runs Lockkeeper."],
  EPERM: ["can't be read: not permitted (EPERM)", "Make it readable for the user that runs Lockkeeper."],
  EISDIR: ["is a folder, but a file is expected here (EISDIR)", "Rename the folder, or put the file in its place."],
  ENOENT: ["doesn't exist", "Look at the path and at how the folder got here: an image, a volume, a checkout."],
  ENOTDIR: ["is not a folder", "Name the folder that holds the migrations."],
  ELOOP: ["is a symbolic link that leads to itself", "Remove the link, or let it point to the file."],
};
