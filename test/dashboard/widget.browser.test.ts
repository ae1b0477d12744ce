/** The widget in a page of somebody's app, with a policy as strict as can be. */
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { expect, onTestFinished, test } from "vitest";
import { buildWidget } from "../../build/widget.ts";
import { makePayload } from "../../contract/ops-payload.ts";
import type { OpsPayload } from "../../contract/ops.ts";
import { observedOf } from "../../operator/ops/observed-of.ts";
import type { Status } from "../../contract/resource/status.ts";
import * as is from "./resources.ts";
import { browserOf, PHONE, shows, visit } from "./visit.ts";

const browser = browserOf();
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const built = buildWidget();

/** As the operator's endpoint answers. */
function payloadOf(...statuses: Status[]): OpsPayload {
  const observed = statuses.map((status, index) => observedOf(is.resource("shop", `web-${index}`, status)).observed);
  return makePayload(observed, { lookbackMinutes: 120, limit: 20, namespace: "", name: "" }, new Date());
}

type App = { url: string; answer: { status: number; body: string }; asked: Record<string, unknown>[] };

const PAGE = `<!doctype html><html lang="en"><title>Stats</title><main><h1>Stats</h1><h2>Migrations</h2>
<lockkeeper-migrations src="/api/stats/migrations" refresh="2"></lockkeeper-migrations></main>
<script type="module" src="/widget.js"></script></html>`;

async function app(): Promise<App> {
  const script = await readFile(await built);
  const self: App = { url: "", answer: { status: 200, body: JSON.stringify(payloadOf(is.applied())) }, asked: [] };
  const server = createServer((request, response) => {
    if (request.url === "/widget.js") return response.setHeader("content-type", "text/javascript").end(script);
    if (request.url === "/api/stats/migrations") {
      self.asked.push(request.headers);
      response.writeHead(self.answer.status, { "content-type": "application/json" });
      return response.end(self.answer.body);
    }
    response.setHeader("content-security-policy", "default-src 'none'; script-src 'self'; connect-src 'self'");
    return response.setHeader("content-type", "text/html").end(PAGE);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return self;
}

test("it shows how things stand, looks again by itself, and goes with them", async () => {
  const site = await app();
  const { page } = await visit(browser(), site.url);
  await shows(page, "All is well");
  await shows(page, "shop/web-0");
  await shows(page, "at 0010_solid_watchtower");
  await shows(page, /last run: SUCCESS 3 h ago, in .*, 1 applied/);
  // A critical payload comes with 503.
  site.answer = { status: 503, body: JSON.stringify(payloadOf(is.lockTimeout(), is.running())) };
  await shows(page, "Needs attention");
  await shows(page, /LOCK_TIMEOUT 3 min ago: .*blocked by pid 812 \(web, idle in transaction for 14m\)/);
  await shows(page, "1 pending: 0042_add_index");
  expect(site.asked.every(({ authorization }) => authorization === undefined)).toBe(true);
});

test.each([
  [401, "no", "You may not see this: sign in again."],
  [404, "{}", "There is nothing at this address: is the ops endpoint switched on?"],
  [500, "oh", "What came can't be read (500)."],
  [200, '{"status":"fine","alerts":[],"migrations":[]}', "What came can't be read (200)."],
  [200, '{"status":"ok","alerts":[],"migrations":[null]}', "What came can't be read (200)."],
])("%s %s is told as what it is", async (status, body, text) => {
  const site = await app();
  site.answer = { status, body };
  const { page } = await visit(browser(), site.url);
  await shows(page, text);
});

test("when the app is away it says so, and keeps what it knew", async () => {
  const site = await app();
  const { page } = await visit(browser(), site.url);
  await shows(page, "All is well");
  await page.route("**/api/stats/migrations", async (route) => await route.abort());
  await shows(page, "The state of the migrations can't be reached.");
  await shows(page, "shop/web-0");
  await page.unroute("**/api/stats/migrations");
  await shows(page, "All is well");
});

test("names and messages are text in it, and it fits a phone", async () => {
  const site = await app();
  const evil = `<img src=x onerror="window.hacked=1">${"wide".repeat(60)}`;
  const payload = payloadOf(is.failed(evil, "0014_broken"));
  for (const migration of payload.migrations) migration.name = evil;
  for (const alert of payload.alerts) alert.name = evil;
  site.answer = { status: 503, body: JSON.stringify(payload) };
  const { page } = await visit(browser(), site.url, { viewport: PHONE });
  await shows(page, evil);
  const [hacked, images, width] = await page.evaluate(() => [
    (globalThis as { hacked?: number }).hacked,
    document.querySelector("lockkeeper-migrations")?.shadowRoot?.querySelectorAll("img").length,
    document.documentElement.scrollWidth,
  ]);
  expect([hacked, images, width]).toEqual([undefined, 0, 390]);
});

test("axe finds nothing serious in it, light or dark", async () => {
  const site = await app();
  site.answer = {
    status: 503,
    body: JSON.stringify(payloadOf(is.lockTimeout(), is.running(), is.applied(), is.blind())),
  };
  for (const colorScheme of ["light", "dark"] as const) {
    const { page } = await visit(browser(), site.url, { colorScheme, bypassCSP: true });
    await shows(page, "Needs attention");
    // In a page that is light whatever the system is, so is it.
    const colour = await page
      .getByText("Needs attention")
      .first()
      .evaluate((word) => getComputedStyle(word).color);
    expect(colour).toBe("rgb(179, 20, 29)");
    const look = ":root { color-scheme: light dark } body { background: Canvas; color: CanvasText }";
    await page.addStyleTag({ content: look });
    await page.addScriptTag({ path: axe });
    const found = await page.evaluate(async () => {
      type Result = { violations: { id: string; impact: string; nodes: { html: string }[] }[] };
      const { violations } = await (globalThis as unknown as { axe: { run(): Promise<Result> } }).axe.run();
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`);
    });
    expect(found).toEqual([]);
  }
});

test("it is one small file that needs no other", async () => {
  const file = await built;
  expect((await stat(file)).size).toBeLessThan(8_000);
  expect(await readFile(file, "utf8")).not.toMatch(/\bimport\b|\brequire\(/);
});
