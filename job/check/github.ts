import type { Finding, Outcome } from "./outcome.ts";
import { placeOf } from "./settle.ts";
import { headline, rowOf } from "./text.ts";
import type { About } from "./text.ts";

/** GitHub shows ten annotations of each kind for a step. */
const MOST_ANNOTATIONS = 9;
const MOST_ROWS = 100;

/**
 * Workflow commands, one a line, each an annotation. Critical is an error only where it fails the check. The escapes are
 * those of GitHub's own toolkit: no text can end its command, or begin another.
 */
export function annotations({ findings, exitCode }: Pick<Outcome, "findings" | "exitCode">): string[] {
  const lines = findings
    .slice(0, MOST_ANNOTATIONS)
    .map((found) => annotation(levelOf(found, exitCode), titleOf(found), found.message));
  const more = findings.length - MOST_ANNOTATIONS;
  return more <= 0 ? lines : [...lines, annotation("warning", "lockkeeper check", `and ${more} more: see the log`)];
}

const levelOf = ({ severity }: Finding, exitCode: number): "error" | "warning" =>
  severity === "critical" && exitCode !== 0 ? "error" : "warning";

const titleOf = (found: Finding): string => `${found.code} ${placeOf(found)}`.trim();

export const annotation = (level: "error" | "warning" | "notice", title: string, message: string): string =>
  `::${level} title=${escapedProperty(title)}::${escapedData(message)}`;

const escapedData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

const escapedProperty = (text: string): string => escapedData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** The page of a step, in Markdown. */
export function stepSummary(outcome: Outcome, about: About): string {
  const { findings, migrations, hint } = outcome;
  return [
    `### Migrations: ${outcome.status}`,
    "",
    escapedMarkdown(headline(outcome, about)),
    ...table(
      ["", "code", "where", "what"],
      findings.map((found) => [found.severity, found.code, placeOf(found), found.message]),
    ),
    ...table(
      ["database", "version", "pending", "last run"],
      migrations.map((one) => rowOf(one, about.now)),
    ),
    ...(hint === "" ? [] : ["", escapedMarkdown(hint)]),
    "",
    "",
  ].join("\n");
}

function table(head: string[], rows: string[][]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: string[]): string => `| ${cells.map(escapedMarkdown).join(" | ")} |`;
  const more = rows.length - MOST_ROWS;
  return [
    "",
    line(head),
    `|${" --- |".repeat(head.length)}`,
    ...rows.slice(0, MOST_ROWS).map(line),
    ...(more > 0 ? ["", `and ${more} more`] : []),
  ];
}

/** Markdown takes a backslash before any of these: no text is a link, an image, HTML or another cell. */
const escapedMarkdown = (text: string): string => text.replaceAll(/[!-/:-@[-`{-~]/g, String.raw`\$&`);
