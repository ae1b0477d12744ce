import { readFileSync, writeFileSync } from "node:fs";

/**
 * Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->` in a Markdown file.
 * @throws when the file lacks the two marks.
 */
export const replaceSection = (file: string, name: string, text: string): void => {
  const page = readFileSync(file, "utf8");
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [from, to] = [page.indexOf(open), page.indexOf(close)];
  if (from === -1 || to < from) throw new Error(`${file} lacks ${open} and ${close}`);
  writeFileSync(file, `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`);
};
