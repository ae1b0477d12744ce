import { beforeEach, expect, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import type { Assets } from "./assets.ts";
import { createDashboard } from "./dashboard.ts";
import { SESSION_MS, cookieName } from "./session.ts";

const TOKEN = "a-token-of-the-tests";
const file = { name: "page-ABCDEFGH.js", type: "text/javascript", bytes: Buffer.from("1"), gzipped: Buffer.from("z") };
const FILES: Assets = { files: new Map([[file.name, file]]), nameOf: () => file.name };

let token: string | null;
let assets: () => Promise<Assets>;
let clock: ReturnType<typeof fakeClock>;
let limit: string[];
let request: (path: string, init?: RequestInit) => Promise<Response>;

beforeEach(() => {
  token = TOKEN;
  assets = async () => await Promise.resolve(FILES);
  clock = fakeClock();
  limit = [];
  const app = createDashboard({
    keys: () => [],
    look: () => null,
    subscribe: () => () => undefined,
    health: () => ({ version: "0", synced: true, heardMsAgo: 0, stale: false }),
    token: async () => await Promise.resolve(token),
    failed: (error) => void limit.push(String(error)),
    assets: async () => await assets(),
    limit: { right: () => void limit.push("right"), wrong: () => void limit.push("wrong") },
    clock,
  });
  request = async (path, init) => await app.request(path, init, {});
});

const login = async (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  await request("/login", { method: "POST", body: new URLSearchParams(fields), headers });

async function signedIn(): Promise<{ cookie: string }> {
  const response = await login({ token: TOKEN });
  const [cookie = ""] = (response.headers.get("set-cookie") ?? "").split(";");
  return { cookie };
}

test("without a token nothing is there", async () => {
  token = null;
  for (const path of ["/", "/login", "/events", "/migrations/shop/web", `/assets/${file.name}`]) {
    expect((await request(path)).status).toBe(404);
  }
  expect((await login({ token: "" })).status).toBe(404);
});

test("without the page's files it says so, and how they are made", async () => {
  assets = async () => await Promise.reject(new Error("none"));
  const response = await request("/");
  expect(response.status).toBe(503);
  expect(await response.text()).toContain("node build/dashboard.ts");
});

test("who isn't known is led to the login, and from there to where he was going", async () => {
  const first = await request("/migrations/shop/web");
  expect(first.status).toBe(303);
  expect(first.headers.get("location")).toBe("/login?to=%2Fmigrations%2Fshop%2Fweb");
  const page = await (await request("/login?to=/migrations/shop/web")).text();
  expect(page).toContain('name="to" value="/migrations/shop/web"');
  const done = await login({ token: TOKEN, to: "/migrations/shop/web" });
  expect([done.status, done.headers.get("location")]).toEqual([303, "/migrations/shop/web"]);
  expect(limit).toEqual(["right"]);
});

test.each([
  "//evil.example",
  "https://evil.example",
  "/\\evil.example",
  "/events",
  "javascript:alert(1)",
  "/migrations/a/b/c",
])("after the login nobody is sent to %s", async (to) => {
  expect((await login({ token: TOKEN, to })).headers.get("location")).toBe("/");
  expect(await (await request(`/login?to=${encodeURIComponent(to)}`)).text()).toContain('name="to" value="/"');
});

test("the session is a cookie for this server alone, and not the token", async () => {
  const cookie = (await login({ token: TOKEN })).headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict$/);
  expect(cookie).not.toContain(TOKEN);
  const secure = await login({ token: TOKEN }, { "x-forwarded-proto": "https" });
  expect(secure.headers.get("set-cookie")).toMatch(/; Secure$/);
});

test("a wrong token gives nothing, and the limit hears of it", async () => {
  for (const wrong of ["", "wrong", `${TOKEN}x`, TOKEN.slice(1), "x".repeat(3_000)]) {
    const response = await login({ token: wrong });
    expect([response.status, response.headers.get("set-cookie")]).toEqual([401, null]);
    const page = await response.text();
    expect(page).toContain("That isn&#39;t the token.");
    if (wrong !== "") expect(page).not.toContain(wrong);
  }
  expect(limit).toEqual(Array.from({ length: 5 }, () => "wrong"));
});

test("what is too long isn't read", async () => {
  expect((await login({ token: "x".repeat(100_000) })).status).toBe(413);
});

test.each([
  ["another site's page", { "sec-fetch-site": "cross-site" }],
  ["a sister domain's page", { "sec-fetch-site": "same-site" }],
  ["another origin", { origin: "https://evil.example", host: "ops.example" }],
  ["an origin that is none", { origin: "null", host: "ops.example" }],
])("a form of %s signs nobody in or out", async (_, headers) => {
  const response = await login({ token: TOKEN }, headers);
  expect([response.status, response.headers.get("set-cookie")]).toEqual([403, null]);
  const out = await request("/logout", { method: "POST", headers });
  expect([out.status, out.headers.get("set-cookie")]).toEqual([403, null]);
});

test("the stream is for who is known", async () => {
  expect((await request("/events")).status).toBe(401);
  const forged = { cookie: `${cookieName(TOKEN)}=${Date.now() + 1_000_000}.${"A".repeat(22)}.${"A".repeat(43)}` };
  expect((await request("/events", { headers: forged })).status).toBe(401);
  const headers = await signedIn();
  const response = await request("/events", { headers });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
  await response.body?.cancel();
});

test("who asks for the stream's head alone takes no place of one who reads", async () => {
  const response = await request("/events", { method: "HEAD", headers: await signedIn() });
  expect([response.status, response.body]).toEqual([200, null]);
});

test("a session ends with its time, and with the token", async () => {
  const headers = await signedIn();
  expect((await request("/", { headers })).status).toBe(200);
  token = "the-next-token-of-them";
  expect((await request("/", { headers })).status).toBe(303);
  token = TOKEN;
  clock.freeze(SESSION_MS);
  expect((await request("/", { headers })).status).toBe(303);
});

test("signing out takes the cookie away", async () => {
  const response = await request("/logout", { method: "POST" });
  expect(response.headers.get("location")).toBe("/login");
  expect(response.headers.get("set-cookie")).toContain("Max-Age=0");
});

test("a link from another site, which brings no cookie, leads to a page from where there is one", async () => {
  const foreign = { "sec-fetch-site": "cross-site" };
  const page = await request("/migrations/shop/web", { headers: foreign });
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('content="0; url=/login?to=%2Fmigrations%2Fshop%2Fweb"');
  const again = await request("/login?to=/migrations/shop/web", { headers: await signedIn() });
  expect([again.status, again.headers.get("location")]).toEqual([303, "/migrations/shop/web"]);
});

test("every answer says what a page may do, and nothing but the hashed files is kept", async () => {
  const headers = await signedIn();
  for (const path of ["/", "/login", "/events", `/assets/${file.name}`, "/assets/none", "/migrations/shop/web"]) {
    for (const known of [{}, headers]) {
      const response = await request(path, { headers: known });
      await response.body?.cancel();
      expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';/);
      expect(response.headers.get("content-security-policy")).not.toContain("unsafe");
      expect(response.headers.get("x-frame-options")).toBe("DENY");
      const isFile = path === `/assets/${file.name}`;
      expect(response.headers.get("cache-control")).toBe(isFile ? "public, max-age=31536000, immutable" : "no-store");
    }
  }
});

test("no path leads out of the files", async () => {
  for (const path of ["/assets/../main.ts", "/assets/..%2f..%2fetc%2fpasswd", "/assets/", "/assets/page.js"]) {
    expect((await request(path)).status).toBe(404);
  }
});

test("a name that no resource can have is no page", async () => {
  expect((await request("/migrations/%3Cscript%3E/web", { headers: await signedIn() })).status).toBe(404);
});
