/** Who gets in, how, and for how long. */
import { expect, test } from "vitest";
import * as is from "./resources.ts";
import { served } from "./served.ts";
import { browserOf, look, shows, signIn, visit } from "./visit.ts";

const browser = browserOf();

test("with the token one gets to where one was going, and it is in no address and no cookie", async () => {
  await using dashboard = await served();
  dashboard.set(is.resource("shop", "web", is.applied()));
  const { page, context } = await visit(browser(), `${dashboard.url}/migrations/shop/web`);
  await signIn(page, dashboard.token);
  await page.waitForURL(/\/migrations\/shop\/web$/);
  const cookies = await context.cookies();
  expect(cookies).toMatchObject([{ httpOnly: true, sameSite: "Strict", secure: false, path: "/" }]);
  const token = dashboard.token ?? "";
  expect(JSON.stringify([cookies, page.url(), await page.content()])).not.toContain(token);
  expect(await page.evaluate(() => document.cookie)).toBe("");
});

test("with a wrong token one doesn't, and is told so where one is", async () => {
  await using dashboard = await served();
  const { page, context } = await visit(browser(), dashboard.url);
  await signIn(page, "a-wrong-token-altogether");
  expect(await page.getByRole("alert").textContent()).toBe("That isn't the token.");
  expect(await context.cookies()).toEqual([]);
  expect(await page.getByLabel("Token").evaluate((input) => input === document.activeElement)).toBe(true);
  await signIn(page, dashboard.token);
  await shows(page, "No migrations");
});

test("when the token is rotated, an open page leads to the login, and the new token opens the same page", async () => {
  await using dashboard = await served();
  dashboard.set(is.resource("shop", "web", is.applied()));
  const { page } = await look(browser(), dashboard, { path: "/migrations/shop/web" });
  dashboard.token = "the-next-token-of-them";
  await page.waitForURL(/\/login/);
  await signIn(page, dashboard.token);
  await page.waitForURL(/\/migrations\/shop\/web$/);
  await shows(page, "0010_solid_watchtower");
});

test("who signs out is out", async () => {
  await using dashboard = await served();
  const { page, context } = await look(browser(), dashboard);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(/\/login/);
  expect(await context.cookies()).toEqual([]);
  await page.goto(dashboard.url);
  expect(new URL(page.url()).pathname).toBe("/login");
});

test("a link on another site leads to the resource, for who is signed in", async () => {
  await using dashboard = await served();
  dashboard.set(is.resource("shop", "web", is.applied()));
  const { page } = await look(browser(), dashboard);
  // `localhost` is another site than `127.0.0.1`: the browser brings no cookie from there.
  await page.route("http://localhost:1/chat", async (route) => {
    await route.fulfill({
      contentType: "text/html",
      body: `<a href="${dashboard.url}/migrations/shop/web">look at this</a>`,
    });
  });
  await page.goto("http://localhost:1/chat");
  await page.getByText("look at this").click();
  await page.waitForURL(/\/migrations\/shop\/web$/);
  await shows(page, "0010_solid_watchtower");
});
