/** What the two pages show, live, and when things are missing. */
import { expect, test } from "vitest";
import { fill } from "./fill.ts";
import * as is from "./resources.ts";
import { served } from "./served.ts";
import { browserOf, look, rowOf, shows } from "./visit.ts";

const browser = browserOf();

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
  await rowOf(page, "billing/ledger").waitFor();
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
  await rowOf(page, "load/web-0999").waitFor();
  expect(await page.locator(".rows .row").count()).toBeLessThan(40);
  dashboard.set(is.resource("load", "web-0999", is.running()));
  await rowOf(page, "load/web-0999").getByText("Running").first().waitFor();
});

test("nothing there is said, not shown as a hole", async () => {
  await using dashboard = await served();
  const { page } = await look(browser(), dashboard);
  await shows(page, "There is no DatabaseMigration in the namespaces that this operator watches.");
  dashboard.set(is.resource("shop", "web"));
  await rowOf(page, "shop/web").getByText("the operator hasn't looked at it yet").waitFor();
  await page.goto(`${dashboard.url}/migrations/shop/none`);
  await shows(page, "There is no DatabaseMigration shop/none");
});

test("when the operator is away the page says so and keeps what it knew; and catches up by itself", async () => {
  await using dashboard = await served();
  dashboard.set(is.resource("shop", "web", is.applied()));
  dashboard.set(is.resource("shop", "other", is.applied()));
  const { page } = await look(browser(), dashboard);
  await rowOf(page, "shop/web").waitFor();
  await dashboard.stop();
  await shows(page, /The operator doesn't answer; trying again. What you see is from \d\d:\d\d:\d\d/);
  expect(await rowOf(page, "shop/web").isVisible()).toBe(true);
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
