/** For everybody: by keyboard, on a phone, in the dark, for those who hear it; and nothing that is hostile gets through. */
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { fill } from "./fill.ts";
import * as is from "./resources.ts";
import { served } from "./served.ts";
import { browserOf, look, PHONE, rowOf, shows } from "./visit.ts";

const browser = browserOf();
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

test("the keyboard alone is enough: to find, to go through the list, to open and to come back", async () => {
  await using dashboard = await served();
  fill(dashboard);
  const { page } = await look(browser(), dashboard);
  await rowOf(page, "billing/invoices").waitFor();
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
  await rowOf(page, "aaa/first").waitFor();
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
  await rowOf(page, "shop/web").waitFor();
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

test.each(["light", "dark"] as const)(
  "nobody is shut out: axe finds nothing serious, %s, wide or narrow",
  async (colorScheme) => {
    await using dashboard = await served();
    fill(dashboard);
    const findings: string[] = [];
    const { page } = await look(browser(), dashboard, { colorScheme, bypassCSP: true });
    for (const path of ["/", "/migrations/shop/orders"]) {
      await page.goto(`${dashboard.url}${path}`);
      await page
        .getByText(/pid (4706|812)/)
        .first()
        .waitFor();
      findings.push(...(await seriousOf(page)).map((finding) => `${path}: ${finding}`));
      await page.setViewportSize(PHONE);
      findings.push(...(await seriousOf(page)).map((finding) => `${path} on a phone: ${finding}`));
    }
    await page.context().clearCookies();
    await page.goto(`${dashboard.url}/login`);
    findings.push(...(await seriousOf(page)).map((finding) => `login: ${finding}`));
    expect(findings).toEqual([]);
  },
);

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
