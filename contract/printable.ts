import { stripVTControlCharacters } from "node:util";

/** Without the control characters, besides line ends and tabs, that a file's or an application's name may bring along. */
export const printable = (text: string): string => stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\n\t]/gu, " ");
