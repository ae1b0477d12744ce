/** Alerts, runbooks and dashboard fit together, and the links between them lead somewhere. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { ALERT_CODES } from "../../contract/ops.ts";
import { openInstruments } from "../../operator/metrics/instruments.ts";
import { RESOURCE_METRICS } from "../../operator/metrics/resources.ts";
import { queriesOf, readDashboard } from "./dashboard.ts";
import { RULES } from "./story.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): Promise<string> => readFile(join(root, path), "utf8");
const pages = (await readdir(join(root, "docs/runbooks"))).map((name) => `docs/runbooks/${name}`);

type Rule = { alert: string; expr: string; labels: object; annotations: Record<string, string> };
const { groups } = parse(await readFile(RULES, "utf8")) as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

it("each alert has a severity, says what happened and what to do, and has a page that names it", async () => {
  expect(rules.length).toBeGreaterThan(0);
  for (const { alert, labels, annotations } of rules) {
    expect(Object.keys(labels), alert).toEqual(["severity"]);
    expect(Object.keys(annotations), alert).toEqual(["summary", "description", "runbook_url"]);
    expect(annotations["description"], alert).toMatch(/`kubectl -n /);
    const page = annotations["runbook_url"] ?? "";
    expect(pages, alert).toContain(page);
    expect(await read(page), alert).toContain(`\`${alert}\``);
  }
});

it("each of the ops endpoint's alerts has a page that names it", async () => {
  const all = (await Promise.all(pages.map(read))).join("\n");
  for (const code of ALERT_CODES) expect(all).toContain(`\`${code}\``);
});

it("each page is some alert's, or another page's, and is listed in the docs", async () => {
  const monitoring = await read("docs/monitoring.md");
  for (const page of pages) expect(monitoring).toContain(`(${page.replace("docs/", "")})`);
});

it.each([...pages, "docs/monitoring.md", "examples/monitoring/README.md"])(
  "the links of %s lead somewhere",
  async (page) => {
    for (const [, target = ""] of (await read(page)).matchAll(/\]\(([^)]+)\)/g)) {
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      expect(existsSync(join(root, file)), `${page} -> ${target}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(await read(file)), `${page} -> ${target}`).toContain(anchor);
    }
  },
);

/** As they are made on the usual forges. */
const anchorsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

it("no alert and no panel asks for a metric that the operator doesn't have", async () => {
  const counted = openInstruments().register.getMetricsAsArray();
  const known = [
    ...counted.flatMap(({ name }) => [name, `${name}_bucket`]),
    ...Object.keys(RESOURCE_METRICS),
    ...["lockkeeper_leader", "lockkeeper_queue_depth", "lockkeeper_watch_last_heard_timestamp_seconds"],
  ];
  const dashboard = await readDashboard();
  const asked = [...rules, ...queriesOf(dashboard, "1m")].flatMap(({ expr }) => expr.match(/\blockkeeper_\w+/g) ?? []);
  const variables = dashboard.templating.list.flatMap(
    ({ definition = "" }) => definition.match(/\blockkeeper_\w+/g) ?? [],
  );
  expect([...new Set([...asked, ...variables])].filter((name) => !known.includes(name))).toEqual([]);
});

it("the dashboard's panels have numbers of their own and don't lie on each other", async () => {
  const { panels } = await readDashboard();
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
});
