/** What a probe is told. `text` is one line: without names or data of the cluster, because anybody may ask. */
export type Finding = { name: string; ok: boolean; text: string };
export type Check = () => Finding;

/** One line per check, the failed ones first, so that they are what a cut text shows. */
export function findingsText(findings: readonly Finding[]): string {
  const lines = findings.toSorted((a, b) => Number(a.ok) - Number(b.ok));
  return lines.map(({ name, ok, text }) => `${ok ? "ok" : "failed"} ${name}: ${text}\n`).join("");
}
