/** Pieces of generated pages. */

export const code = (text: string): string => (text === "" ? "" : `\`${text}\``);

export const table = (head: string[], rows: string[][]): string[] =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
