const colours = process.stdout.isTTY && process.env.NO_COLOR === undefined;
const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);

/** Steps that were announced, and those whose result was seen. */
const steps: { title: string; seen: boolean }[] = [];

/** Announces a step. */
export function step(title: string): void {
  steps.push({ title, seen: false });
  console.log(`\n${paint(1, `${steps.length}. ${title}`)}`);
}

/** Says what the reader just saw. A demo that doesn't show what it claims must not end well. */
export function seen(what: string, holds: boolean): void {
  const current = steps.at(-1);
  if (!holds) throw new Error(`the demo did not show it: ${what}`);
  if (current !== undefined) current.seen = true;
  console.log(`${paint(32, "✓")} ${what}`);
}

export const allSeen = (): boolean => steps.length > 0 && steps.every((one) => one.seen);

export const shell = (command: string): void => console.log(paint(36, `$ ${command}`));

/** What a program said. */
export function indent(text: string): void {
  for (const line of text.trimEnd().split("\n")) console.log(`  ${line}`);
}

/** A sentence to the reader. */
export const say = (sentence: string): void => console.log(sentence);
