/**
 * A line of the runner's log for people. What it tells is printed as it is; its log lines (docs/cli.md), which it writes
 * where no terminal is, become a sentence.
 */
export function said(line: string): string {
  if (!line.startsWith("{")) return line;
  try {
    const fields = JSON.parse(line) as Record<string, unknown>;
    if (typeof fields["msg"] !== "string" || typeof fields["event"] !== "string") return line;
    const { migration, index, total, reason, status, error, versionAfter, message } = fields;
    const place = typeof index === "number" && typeof total === "number" ? `${index} of ${total}` : "";
    const about = [
      place,
      migration,
      status,
      reason,
      message,
      messageOf(error),
      labelled("now at", versionAfter),
      hintOf(fields),
    ];
    const told = about.filter((part) => typeof part === "string" && part !== "").join("; ");
    return told === "" ? fields["msg"] : `${fields["msg"]}: ${told}`;
  } catch {
    return line;
  }
}

/** The error's own text mostly ends with it. */
function hintOf({ hint, error }: Record<string, unknown>): string {
  return typeof hint === "string" && !messageOf(error).includes(hint) ? hint : "";
}

function messageOf(error: unknown): string {
  const { code, message } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return [code, message].filter((part) => typeof part === "string").join(" ");
}

const labelled = (label: string, text: unknown): string =>
  typeof text === "string" && text !== "" ? `${label} ${text}` : "";
