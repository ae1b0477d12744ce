import { expect, test } from "vitest";
import { SESSION_MS, cookieName, cookies, isSession, openSession, sessionCookie } from "./session.ts";

const TOKEN = "a-token-of-the-tests";
const NOW = Date.parse("2026-03-01T12:00:00Z");

test("a session holds for a shift, and then no more", () => {
  const value = openSession(TOKEN, NOW);
  expect(isSession(value, TOKEN, NOW)).toBe(true);
  expect(isSession(value, TOKEN, NOW + SESSION_MS - 1)).toBe(true);
  expect(isSession(value, TOKEN, NOW + SESSION_MS)).toBe(false);
});

test("it ends when the token is another", () => {
  expect(isSession(openSession(TOKEN, NOW), "the-next-token-of-them", NOW)).toBe(false);
});

test("it isn't the token, and nothing of the token is in it", () => {
  expect(openSession(TOKEN, NOW)).not.toContain(TOKEN);
  expect(openSession(TOKEN, NOW)).not.toBe(openSession(TOKEN, NOW));
});

test("nothing that was changed or made up is one", () => {
  const value = openSession(TOKEN, NOW);
  const [until = "", nonce = "", signature = ""] = value.split(".");
  const forged = [
    `${Number(until) + 1}.${nonce}.${signature}`,
    `${until}.${nonce.replace(/^./, (first) => (first === "A" ? "B" : "A"))}.${signature}`,
    `${until}.${nonce}.${signature.replace(/^./, (first) => (first === "A" ? "B" : "A"))}`,
    `${until}.${nonce}.`,
    `${value}.`,
    `${value}\n`,
    "",
    ".".repeat(9_000),
    "9".repeat(9_000),
  ];
  expect(forged.filter((each) => isSession(each, TOKEN, NOW))).toEqual([]);
});

test("one that a wrong clock opened for longer than a shift isn't taken", () => {
  expect(isSession(openSession(TOKEN, NOW + 3_600_000), TOKEN, NOW)).toBe(false);
});

test("the cookie is for the browser alone, and by TLS where that was used", () => {
  expect(sessionCookie("lockkeeper-1", "value", false)).toBe(
    "lockkeeper-1=value; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict",
  );
  expect(sessionCookie("lockkeeper-1", "value", true)).toMatch(/; Secure$/);
  expect(sessionCookie("lockkeeper-1", "", true)).toContain("Max-Age=0");
});

test("two installations have cookies of different names", () => {
  expect(cookieName(TOKEN)).toMatch(/^lockkeeper-[0-9a-f]{8}$/);
  expect(cookieName(TOKEN)).not.toBe(cookieName("the-next-token-of-them"));
});

test("all values of that name are found, and no other's", () => {
  expect(cookies("a=1; lockkeeper-1=x; lockkeeper-12=y;lockkeeper-1=z=", "lockkeeper-1")).toEqual(["x", "z="]);
  expect(cookies("", "lockkeeper-1")).toEqual([]);
});
