/** Writes the tables of metrics and alerts into docs/monitoring.md: from what the operator serves, and from the rules. */
import { readFile, writeFile } from "node:fs/promises";
import { parse } from "yaml";
import { systemClock } from "../operator/clock.ts";
import { openInstruments } from "../operator/metrics/instruments.ts";
import { openMetrics } from "../operator/metrics/metrics.ts";
import { code, table } from "./markdown.ts";

const PAGE = new URL("../docs/monitoring.md", import.meta.url);
const RULES = new URL("../charts/lockkeeper/files/alerts.yaml", import.meta.url);

/** A metric as /metrics describes it. */
export type Metric = { name: string; type: string; help: string; labels: string[] };

/** All of our own in Prometheus' text format; labels as far as there are series. */
export function metricsOf(text: string): Metric[] {
  const ours = text.split("\n").filter((line) => /^(# (HELP|TYPE) )?lockkeeper_/.test(line));
  return ours.flatMap((line) => {
    const [, name = "", help = ""] = /^# HELP (\S+) (.*)$/.exec(line) ?? [];
    if (name === "") return [];
    const type =
      ours
        .find((other) => other.startsWith(`# TYPE ${name} `))
        ?.split(" ")
        .at(-1) ?? "";
    const series = ours.filter((other) => new RegExp(`^${name}(_bucket)?\\{`).test(other));
    const labels = series.flatMap((one) => [...one.matchAll(/[{,](\w+)="/g)].map(([, label = ""]) => label));
    return [{ name, type, help, labels: [...new Set(labels)].filter((label) => label !== "le") }];
  });
}

/** What an operator with one resource, of which everything is known, tells. */
async function everyMetric(): Promise<Metric[]> {
  const instruments = openInstruments();
  instruments.apiRequests.inc({ method: "GET", code: "200" });
  const at = new Date().toISOString();
  const runs = ["RUNNING", "SUCCESS", "SKIPPED", "FAILED", "LOCK_TIMEOUT"].map((status) => ({
    ...{ status, startedAt: at, finishedAt: at, versionAfter: "1" },
  }));
  const migration = {
    metadata: { namespace: "shop", name: "web" },
    spec: { timeouts: { run: "30m" } },
    status: { schema: { pending: 1, observedAt: at }, telemetry: { available: true }, runs },
  };
  const gated = { metadata: { creationTimestamp: at } };
  const caches = {
    migrations: new Map([["shop/web", migration]]),
    gated: { by: () => [gated] },
    freshAt: () => systemClock.now(),
  };
  const view = { caches, leads: () => true, queued: () => 0 } as unknown as Parameters<typeof openMetrics>[1];
  const { body } = await openMetrics(instruments, view, systemClock)();
  return metricsOf(new TextDecoder().decode(body));
}

type Rule = {
  alert: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; runbook_url: string };
};

/** A row for each rule: alert, severity, how long it has to be so before it fires, what it means, its page. */
export function alertRows(rules: string): string[][] {
  const { groups } = parse(rules) as { groups: { rules: Rule[] }[] };
  return groups
    .flatMap((group) => group.rules)
    .map(({ alert, for: after = "", labels, annotations }) => {
      const page = annotations.runbook_url.replace("docs/runbooks/", "").replace(".md", "");
      return [code(alert), labels.severity, after, plain(annotations.summary), `[${page}](runbooks/${page}.md)`];
    });
}

/** A summary without its subject and its template's parts. */
const plain = (summary: string): string =>
  summary
    .replace("{{ $labels.namespace }}/{{ $labels.name }}: ", "")
    .replaceAll(/\{\{ with .*?\{\{ end \}\}/g, "")
    .replace(" at {{ $labels.instance }}", "");

/** The page with the content between the two lines that name it. */
function between(page: string, what: string, lines: string[]): string {
  const pattern = new RegExp(`(<!-- The ${what}: .* -->\n)[^]*(<!-- The end of the ${what}. -->)`);
  if (!pattern.test(page)) throw new Error(`docs/monitoring.md lacks the lines of the ${what}`);
  return page.replace(pattern, (_, start: string, end: string) => `${start}\n${lines.join("\n")}\n\n${end}`);
}

if (import.meta.main) {
  const metrics = (await everyMetric()).map(({ name, type, help, labels }) => [
    ...[code(name), type, labels.map(code).join(", "), help],
  ]);
  const alerts = alertRows(await readFile(RULES, "utf8"));
  let page = await readFile(PAGE, "utf8");
  page = between(page, "metrics", table(["metric", "type", "labels", "meaning"], metrics));
  page = between(page, "alerts", table(["alert", "severity", "for", "meaning", "what to do"], alerts));
  await writeFile(PAGE, page);
}
