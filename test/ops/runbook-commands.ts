/** The kubectl commands of the runbooks, as a tired person would type them. */
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../docs/runbooks/", import.meta.url));

export type Command = { page: string; command: string };

/** What stands for something in a command, and what it is in a test. POD stays. */
export type Placeholders = Record<"NAMESPACE" | "NAME" | "DEPLOYMENT" | "SHOP", string>;

/**
 * All of them, once, in blocks and in running text: without comments, and without what their output is piped to. Whole lines only
 * in blocks; a line that ends with a backslash goes on.
 */
export async function commandsOf(placeholders: Placeholders): Promise<Command[]> {
  const pages = (await readdir(folder)).toSorted();
  const found = await Promise.all(
    pages.map(async (page) => {
      const text = (await readFile(`${folder}${page}`, "utf8")).replaceAll(/ *\\\n */g, " ");
      const blocks = [...text.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block = ""]) => block.split("\n"));
      const inline = [...text.replaceAll(/```[^]*?```/g, "").matchAll(/`(kubectl [^`]+)`/g)].map(([, one = ""]) => one);
      const commands = [...blocks, ...inline].filter((line) => line.startsWith("kubectl "));
      return [...new Set(commands)].map((line) => ({ page, command: filled(line, placeholders) }));
    }),
  );
  const seen = new Set<string>();
  return found.flat().filter(({ command }) => seen.size < seen.add(command).size);
}

const filled = (line: string, placeholders: Placeholders): string =>
  line
    .replace(/ +# .*$/, "")
    .replace(/ \| .*$/, "")
    .replaceAll(/\b[A-Z]{3,}\b/g, (word) => (placeholders as Record<string, string>)[word] ?? word);
