/** `node test/dashboard/screenshots.ts [FOLDER]`: a fleet in which much is going on. Some of these are in docs/images. */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { openBrowser } from "./browser.ts";
import * as is from "./resources.ts";
import { served } from "./served.ts";
import type { Served } from "./served.ts";

const folder = process.argv[2] ?? fileURLToPath(new URL("../../dist/screenshots", import.meta.url));
await mkdir(folder, { recursive: true });

const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

function fill(dashboard: Served): void {
  const teams = { shop: ["web", "orders", "search"], billing: ["invoices", "ledger"], ops: ["grafana", "audit"] };
  for (const [namespace, names] of Object.entries(teams)) {
    for (const name of names) dashboard.set(is.resource(namespace, name, is.applied()));
  }
  dashboard.set(
    is.resource("shop", "web", is.blocked()),
    [1, 2].map((index) => is.gatedPod("shop", `web-6d9f-${index}`, "web")),
  );
  dashboard.set(is.resource("shop", "orders", is.lockTimeout()), [is.gatedPod("shop", "orders-77c-1", "orders")]);
  dashboard.set(is.resource("billing", "ledger", is.failed()));
  dashboard.set(is.resource("billing", "invoices", is.running()));
  dashboard.set(is.resource("ops", "grafana", is.paused()));
  dashboard.set(is.resource("ops", "audit", is.blind()));
}

async function signedIn(
  browser: Browser,
  url: string,
  token: string,
  viewport = DESKTOP,
  colorScheme: "dark" | "light" = "light",
): Promise<Page> {
  const context = await browser.newContext({ viewport, colorScheme });
  const page = await context.newPage();
  page.on("console", (message) => console.log(message.text()));
  page.on("pageerror", (error) => console.log(error));
  await page.goto(url);
  await page.fill("#token", token);
  await page.click("button");
  await page.waitForSelector(".connection[data-state=live]");
  return page;
}

await using dashboard = await served();
await using browser = await openBrowser();
const { url } = dashboard;
const token = dashboard.token ?? "";
const shoot = async (page: Page, name: string): Promise<void> => {
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${folder}/${name}.png` });
};

const login = await browser.newPage({ viewport: PHONE });
await login.goto(url);
await shoot(login, "dashboard-login-phone");
const empty = await signedIn(browser, url, token);
await shoot(empty, "dashboard-empty");
fill(dashboard);
const desktop = await signedIn(browser, url, token);
await shoot(desktop, "dashboard");
await desktop.goto(`${url}/migrations/shop/orders`);
await desktop.waitForSelector(".plot canvas");
await shoot(desktop, "dashboard-resource");
const dark = await signedIn(browser, url, token, DESKTOP, "dark");
await shoot(dark, "dashboard-dark");
await dark.goto(`${url}/migrations/shop/web`);
await dark.waitForSelector(".plot canvas");
await shoot(dark, "dashboard-resource-dark");
const phone = await signedIn(browser, url, token, PHONE);
await shoot(phone, "dashboard-phone");
await phone.goto(`${url}/migrations/shop/orders`);
await phone.waitForSelector(".plot canvas");
await shoot(phone, "dashboard-resource-phone");
await dashboard.stop();
await phone.waitForSelector(".connection[data-state=lost]");
await shoot(phone, "dashboard-lost-phone");
console.log(folder);
