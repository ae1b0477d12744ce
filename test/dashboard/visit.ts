/** Somebody who looks at the dashboard: a browser of the file's own, and pages in it. */
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { cookieName, openSession } from "../../operator/dashboard/session.ts";
import { openBrowser } from "./browser.ts";

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

export type Visit = {
  page: Page;
  context: BrowserContext;
  /** What the browser said of itself: an error in the code, a policy that was broken. */
  complaints: string[];
};

type Site = { url: string; token: string | null };

/** The browser of this file. */
export function browserOf(): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(async () => await browser?.close());
  return () => {
    if (browser === undefined) throw new Error("The browser isn't there before the first test.");
    return browser;
  };
}

/** What a network says when it goes away, which is what some tests do to it. */
const NETWORK = /Failed to load resource|net::ERR_/;

/** Opens a page; when the test ends, nothing may have been complained about. */
export async function visit(
  browser: Browser,
  path: string,
  options: BrowserContextOptions = {},
  cookies: Parameters<BrowserContext["addCookies"]>[0] = [],
): Promise<Visit> {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  await context.addCookies(cookies);
  onTestFinished(async () => await context.close());
  const complaints: string[] = [];
  context.on("console", (message) => {
    if (message.type() === "error" && !NETWORK.test(message.text())) complaints.push(message.text());
  });
  context.on("weberror", (error) => complaints.push(String(error.error())));
  const page = await context.newPage();
  await page.goto(path);
  onTestFinished(() => expect(complaints).toEqual([]));
  return { page, context, complaints };
}

export async function signIn(page: Page, token: string | null): Promise<void> {
  await page.getByLabel("Token").fill(token ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Opens a page of the dashboard as somebody who has signed in, and waits until it is live. */
export async function look(
  browser: Browser,
  { url, token }: Site,
  { path = "/", ...options }: BrowserContextOptions & { path?: string } = {},
): Promise<Visit> {
  const known = token ?? "";
  const cookie = { name: cookieName(known), value: openSession(known, Date.now()), url, httpOnly: true };
  const visited = await visit(browser, `${url}${path}`, options, [{ ...cookie, sameSite: "Strict" }]);
  await visited.page.locator(".connection[data-state=live]").waitFor();
  return visited;
}

/** Polls: a page changes when it hears of it. */
export const shows = async (page: Page, text: string | RegExp): Promise<void> =>
  await page.getByText(text).first().waitFor();

/** A resource's row of the fleet's list, by `NAMESPACE/NAME`. */
export const rowOf = (page: Page, key: string): Locator => page.locator(`.row[data-key="${key}"]`);
