/** What the two pages show, and how: live, on a phone, by keyboard, in the dark, and when things are missing or hostile. */
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import * as is from "./resources.ts";
import { served } from "./served.ts";
import type { Served } from "./served.ts";
import { browserOf, look, PHONE, shows } from "./visit.ts";

const browser = browserOf();
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

function fill(dashboard: Served): void {
  dashboard.set(is.resource("shop", "web", is.blocked()), [is.gatedPod("shop", "web-6d9f-1", "web")]);
  dashboard.set(is.resource("shop", "orders", is.lockTimeout()));
  dashboard.set(is.resource("billing", "ledger", is.failed()));
  dashboard.set(is.resource("billing", "invoices", is.running()));
  dashboard.set(is.resource("ops", "grafana", is.paused()));
  dashboard.set(is.resource("ops", "audit", is.blind()));
  dashboard.set(is.resource("ops", "new"));
}

const row = (page: Page, name: string) => page.locator(`.row[data-key="${name}"]`);

test("what waits for a lock is on top, with who is in the way, while it waits; and goes from there when it is done", async () => {
  await using dashboard = await served();
  dashboard.set(is.resource("shop", "web", is.applied()));
  dashboard.set(is.resource("shop", "other", is.applied()));
  const { page } = await look(browser(), dashboard);
  await shows(page, "2 resources, nothing wrong");
  dashboard.set(is.resource("shop", "web", is.running()));
  await shows(page, "2 resources, nothing wrong, 1 at work");
  dashboard.set(is.resource("shop", "web", is.blocked()), [is.gatedPod("shop", "web-6d9f-1", "web")]);
  await shows(page, "1 of 2 needs attention");
  const card = page.locator(".card");
  await card.getByText("blocked by pid 4706 (web, idle in transaction for 7 s)").waitFor();
  await card.getByText("1 pod at the gate").waitFor();
  dashboard.set(is.resource("shop", "web", is.blocked(is.blockedBy(5))));
  await card.getByText("waiting 5 s for public.workouts").waitFor();
  expect(await page.title()).toBe("(1) Lockkeeper");
  dashboard.set(is.resource("shop", "web", is.applied()));
  await shows(page, "2 resources, nothing wrong");
  expect(await card.count()).toBe(0);
  dashboard.remove("shop/other");
  await shows(page, "1 migration, nothing wrong");
});

test("a resource's page goes along too, to its end and to its deletion", async () => {
  await using dashboard = await served();
  dashboard.set(is.resource("shop", "web", is.blocked()), [is.gatedPod("shop", "web-6d9f-1", "web,other")]);
  const { page } = await look(browser(), dashboard, { path: "/migrations/shop/web" });
  await shows(page, "blocked by pid 4706 (web, idle in transaction for 7 s)");
  await shows(page, "1: 0013_rest_days");
  expect(await page.locator(".pods").textContent()).toMatch(/web-6d9f-1 waits since .*, also for other/);
  dashboard.set(is.resource("shop", "web", is.lockTimeout()));
  await shows(page, "blocked by pid 812 (web, idle in transaction for 14m)");
  await shows(page, "select pg_terminate_backend(812)");
  await shows(page, "RECENT_LOCK_TIMEOUT");
  expect(await page.locator(".plot canvas").count()).toBe(2);
  await page.locator(".runs summary").first().click();
  await shows(page, "canceling statement due to lock timeout (55P03)");
  dashboard.remove("shop/web");
  await shows(page, "There is no DatabaseMigration shop/web");
});

test("a chart has a bar in the colour of its outcome", async () => {
  await using dashboard = await served();
  dashboard.set(is.resource("shop", "web", is.lockTimeout()));
  const { page } = await look(browser(), dashboard, { path: "/migrations/shop/web" });
  await page.locator(".plot canvas").first().waitFor();
  const colours = await page
    .locator(".plot canvas")
    .first()
    .evaluate((canvas: HTMLCanvasElement) => {
      const probe = document.createElement("span");
      document.body.append(probe);
      const rgb = (variable: string): string => {
        probe.style.color = `var(${variable})`;
        return getComputedStyle(probe).color;
      };
      const drawn = new Set<string>();
      const { data } = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] === 255) drawn.add(`rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`);
      }
      return { blocked: drawn.has(rgb("--blocked")), ok: drawn.has(rgb("--ok")), failing: drawn.has(rgb("--failing")) };
    });
  expect(colours).toEqual({ blocked: true, ok: true, failing: false });
});

test("search and states narrow the list, the address keeps them, and what fits nothing says so", async () => {
  await using dashboard = await served();
  fill(dashboard);
  const { page } = await look(browser(), dashboard);
  await page.getByLabel("Search").fill("ledger 42P01");
  await expect.poll(async () => await page.locator(".rows .row").count()).toBe(1);
  expect(page.url()).toContain("q=ledger");
  await page.reload();
  await row(page, "billing/ledger").waitFor();
  expect(await page.locator(".rows .row").count()).toBe(1);
  await page.getByLabel("Search").fill("nothing like it");
  await shows(page, "Nothing here fits what you look for.");
  await page.getByRole("button", { name: "Show all" }).click();
  await expect.poll(async () => await page.locator(".rows .row").count()).toBe(7);
  await page.getByRole("button", { name: /^Failing 2/ }).click();
  await expect.poll(async () => await page.locator(".rows .row").count()).toBe(2);
});

test("of a thousand resources only those are in the page that can be seen, wherever one is", async () => {
  await using dashboard = await served();
  for (let index = 0; index < 1_000; index++) {
    dashboard.set(is.resource("load", `web-${String(index).padStart(4, "0")}`, is.applied()));
  }
  const { page } = await look(browser(), dashboard);
  await shows(page, "1000 resources, nothing wrong");
  expect(await page.locator(".rows .row").count()).toBeLessThan(40);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await row(page, "load/web-0999").waitFor();
  expect(await page.locator(".rows .row").count()).toBeLessThan(40);
  dashboard.set(is.resource("load", "web-0999", is.running()));
  await row(page, "load/web-0999").getByText("Running").first().waitFor();
});

test("the keyboard alone is enough: to find, to go through the list, to open and to come back", async () => {
  await using dashboard = await served();
  fill(dashboard);
  const { page } = await look(browser(), dashboard);
  await row(page, "billing/invoices").waitFor();
  await page.keyboard.press("/");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("search");
  await page.keyboard.type("shop");
  await expect.poll(async () => await page.locator(".rows .row").count()).toBe(2);
  await page.keyboard.press("Escape");
  await expect.poll(async () => await page.locator(".rows .row").count()).toBe(7);
  const focused = async (): Promise<string | null> =>
    await page.evaluate(() => document.activeElement?.closest("[data-key]")?.getAttribute("data-key") ?? null);
  for (let presses = 0; presses < 20 && (await focused()) === null; presses++) await page.keyboard.press("Tab");
  expect(await focused()).toBe("billing/invoices");
  await page.keyboard.press("End");
  expect(await focused()).toBe("shop/web");
  await page.keyboard.press("ArrowUp");
  expect(await focused()).toBe("shop/orders");
  // The list is one stop of the tab key, however long it is; and who came by it stays where he was while news come.
  dashboard.set(is.resource("aaa", "first", is.applied()));
  await row(page, "aaa/first").waitFor();
  expect(await focused()).toBe("shop/orders");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/migrations\/shop\/orders$/);
  await shows(page, "All migrations");
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press("Tab");
    if ((await page.evaluate(() => document.activeElement?.textContent)) === "All migrations") break;
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/$/);
});

test.each(["/", "/migrations/shop/web", "/migrations/shop/orders"])("%s fits a phone", async (path) => {
  await using dashboard = await served();
  fill(dashboard);
  const { page } = await look(browser(), dashboard, { path, viewport: PHONE, hasTouch: true, isMobile: true });
  await page
    .getByText(/pid (4706|812)/)
    .first()
    .waitFor();
  const { scroll, width } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    width: document.documentElement.clientWidth,
  }));
  expect([scroll, width]).toEqual([390, 390]);
  // Who blocks can be read without scrolling.
  const sentence = await page.locator(".message strong").first().boundingBox();
  expect((sentence?.y ?? Infinity) + (sentence?.height ?? 0)).toBeLessThan(PHONE.height / 2);
  const small = await page
    .locator("header button, .chip, .filter input")
    .evaluateAll((all) =>
      all
        .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 34)
        .map((one) => one.textContent),
    );
  expect(small).toEqual([]);
});

test("it is dark where the system is, and as this browser was told", async () => {
  await using dashboard = await served();
  fill(dashboard);
  const { page } = await look(browser(), dashboard, { colorScheme: "dark" });
  const brightness = async (): Promise<number> =>
    await page.evaluate(() => Number(/\d+/.exec(getComputedStyle(document.body).backgroundColor)?.[0]));
  expect(await brightness()).toBeLessThan(50);
  await page.getByRole("button", { name: "Show it light" }).click();
  expect(await brightness()).toBeGreaterThan(200);
  await page.reload();
  await page.locator(".connection[data-state=live]").waitFor();
  expect(await brightness()).toBeGreaterThan(200);
});

test("what comes from resources is text, whatever it looks like", async () => {
  await using dashboard = await served();
  const evil = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'&amp;`;
  const short = evil.slice(0, 63);
  const status = is.failed(evil, evil);
  const said = status.conditions?.map((condition) => ({ ...condition, reason: "<b>Bad</b>" })) ?? [];
  const schema = { version: evil, applied: 1, pending: 1, pendingNames: [evil], observedAt: "<i>yesterday</i>" };
  const source = { image: evil, available: 1, digest: "", workloadGeneration: 1 };
  const runs = [
    is.run("LOCK_TIMEOUT", 1_000, { host: evil, job: short, source: evil, blockers: [{ pid: 1, application: evil }] }),
  ];
  const database = { systemIdentifier: "", name: short, oid: 1 };
  const telemetry = { available: false, reason: evil };
  dashboard.set(
    is.resource("shop", "web", { ...status, conditions: said, schema, source, runs, database, telemetry }),
    [is.gatedPod("shop", evil, "web,<i>x</i>")],
  );
  // A name that no API server would take.
  dashboard.set(is.resource("shop", evil, status));
  const { page } = await look(browser(), dashboard);
  await page.locator(".card").first().getByText(evil.slice(0, 40)).first().waitFor();
  await page.getByLabel("Search").fill("<script>");
  await row(page, "shop/web").waitFor();
  const elements = async (): Promise<unknown[]> =>
    await page.evaluate(() => [
      document.querySelectorAll("main img, main script, main b b, .runs i").length,
      (globalThis as { hacked?: number }).hacked ?? 0,
    ]);
  expect(await elements()).toEqual([0, 0]);
  await page.goto(`${dashboard.url}/migrations/shop/web`);
  await page.locator(".runs summary").first().click();
  await shows(page, evil);
  expect(await elements()).toEqual([0, 0]);
});

test("nothing there is said, not shown as a hole", async () => {
  await using dashboard = await served();
  const { page } = await look(browser(), dashboard);
  await shows(page, "There is no DatabaseMigration in the namespaces that this operator watches.");
  dashboard.set(is.resource("shop", "web"));
  await row(page, "shop/web").getByText("the operator hasn't looked at it yet").waitFor();
  await page.goto(`${dashboard.url}/migrations/shop/none`);
  await shows(page, "There is no DatabaseMigration shop/none");
});

test("when the operator is away the page says so and keeps what it knew; and catches up by itself", async () => {
  await using dashboard = await served();
  dashboard.set(is.resource("shop", "web", is.applied()));
  dashboard.set(is.resource("shop", "other", is.applied()));
  const { page } = await look(browser(), dashboard);
  await row(page, "shop/web").waitFor();
  await dashboard.stop();
  await shows(page, /The operator doesn't answer; trying again. What you see is from \d\d:\d\d:\d\d/);
  expect(await row(page, "shop/web").isVisible()).toBe(true);
  dashboard.set(is.resource("shop", "web", is.failed()));
  dashboard.remove("shop/other");
  await dashboard.start();
  await shows(page, "1 of 1 needs attention");
  await expect.poll(async () => await page.locator(".banner").isVisible()).toBe(false);
  dashboard.breakConnections();
  dashboard.set(is.resource("shop", "web", is.applied()));
  await shows(page, "1 migration, nothing wrong");
});

test("a page that was left or closed holds nothing of the operator", async () => {
  await using dashboard = await served();
  const { page } = await look(browser(), dashboard);
  expect(dashboard.isWatched()).toBe(true);
  await page.goto("about:blank");
  await expect.poll(() => dashboard.isWatched()).toBe(false);
  await page.goBack();
  await expect.poll(() => dashboard.isWatched()).toBe(true);
  await page.close();
  await expect.poll(() => dashboard.isWatched()).toBe(false);
});

test("news that may be missing are told as such", async () => {
  await using dashboard = await served();
  const { page } = await look(browser(), dashboard);
  dashboard.health = { ...dashboard.health, stale: true, heardMsAgo: 185_000 };
  await shows(page, "The operator hasn't heard from the API server for 3m: news may be missing.");
  dashboard.health = { ...dashboard.health, synced: false };
  await shows(page, "The operator is still reading the cluster: not all resources are here yet.");
});

test("nobody is shut out: axe finds nothing serious, light or dark, wide or narrow", async () => {
  await using dashboard = await served();
  fill(dashboard);
  const findings: string[] = [];
  const schemes = ["light", "dark"] as const;
  for (const colorScheme of schemes) {
    const { page } = await look(browser(), dashboard, { colorScheme, bypassCSP: true });
    for (const [path, size] of [
      ["/", null],
      ["/migrations/shop/orders", null],
      ["/", PHONE],
      ["/migrations/shop/web", PHONE],
    ] as const) {
      if (size !== null) await page.setViewportSize(size);
      await page.goto(`${dashboard.url}${path}`);
      await page
        .getByText(/pid (4706|812)/)
        .first()
        .waitFor();
      findings.push(...(await seriousOf(page)).map((finding) => `${colorScheme} ${path}: ${finding}`));
    }
    await page.context().clearCookies();
    await page.goto(`${dashboard.url}/login`);
    findings.push(...(await seriousOf(page)).map((finding) => `${colorScheme} login: ${finding}`));
  }
  expect(findings).toEqual([]);
});

async function seriousOf(page: Page): Promise<string[]> {
  await page.addScriptTag({ path: axe });
  return await page.evaluate(async () => {
    type Result = { violations: { id: string; impact: string; nodes: { html: string }[] }[] };
    const { violations } = await (globalThis as unknown as { axe: { run(): Promise<Result> } }).axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  });
}
