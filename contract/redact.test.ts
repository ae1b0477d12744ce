import { describe, expect, test } from "vitest";
import { REDACTED, redact, secretsOf } from "./redact.ts";

const PASSWORD = 'k4n/ar:y@ p%é"w';
const URL_ENCODED = `postgres://web:${encodeURIComponent(PASSWORD)}@db.internal:5432/shop?sslmode=require`;
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("the password of a connection string is not found in a text that tells it", () => {
  const secrets = secretsOf(URL_ENCODED);
  test.each([
    ["decoded", PASSWORD],
    ["URL-encoded", encodeURIComponent(PASSWORD)],
    ["URL-encoded in lower case", encodeURIComponent(PASSWORD).replaceAll(/%../g, (part) => part.toLowerCase())],
    ["in base64", base64(PASSWORD)],
    ["in base64 without padding", base64(PASSWORD).replaceAll("=", "")],
    ["in base64url", Buffer.from(PASSWORD).toString("base64url")],
    ["as user:password in base64", base64(`web:${PASSWORD}`)],
    ["as in JSON", JSON.stringify(PASSWORD).slice(1, -1)],
  ])("%s", (_form, leaked) => {
    const text = redact(`before ${leaked} after`, secrets);
    expect(text).not.toContain(leaked);
    expect(text).toMatch(/^before .*after$/);
    expect(text).toContain(REDACTED);
  });

  test("in the whole URL, of which the rest stays readable", () => {
    expect(redact(`can't reach ${URL_ENCODED}`, secrets)).toBe(
      `can't reach postgres://${REDACTED}@db.internal:5432/shop?sslmode=require`,
    );
  });
});

describe("where the password may stand in a URL", () => {
  test.each([
    ["as a parameter", "postgres://db/shop?user=web&password=hunter2hunter2", "hunter2hunter2"],
    ["with an unescaped @", "postgres://web:hun@ter2hunter2@db/shop", "hun@ter2hunter2"],
    ["with an unescaped slash", "postgres://web:hun/ter2hunter2@db/shop", "hun/ter2hunter2"],
    ["with a broken escape", "postgres://web:hunter%2hunter2@db/shop", "hunter%2hunter2"],
    ["before a socket's folder", "postgres://web:hunter2hunter2@/shop?host=/var/run", "hunter2hunter2"],
  ])("%s", (_where, url, password) => {
    expect(redact(`x ${password} y`, secretsOf(url))).toBe(`x ${REDACTED} y`);
  });

  test("a URL without a password has no secrets", () => {
    for (const url of ["postgres://web@db/shop", "postgres://web:@db/shop", "postgres:///shop", "", "not a url"]) {
      expect(secretsOf(url)).toEqual([]);
    }
  });
});

describe("a short password doesn't turn the text into garbage", () => {
  test("one letter is left alone in a sentence", () => {
    expect(redact("a table was altered", secretsOf("postgres://u:a@h/d"))).toBe("a table was altered");
  });
  test("but not in a URL, where it is the password", () => {
    expect(redact("postgres://u:a@h/d", secretsOf("postgres://u:a@h/d"))).not.toMatch(/:a@/);
  });
  test("a short one is replaced as a whole word only", () => {
    expect(redact("pass passed pass_code (pass)", ["pass"])).toBe(`${REDACTED} passed pass_code (${REDACTED})`);
  });
  test("an empty one replaces nothing", () => {
    expect(redact("abc", [""])).toBe("abc");
  });
});

describe("patterns that tell a password are masked without knowing it", () => {
  test.each([
    ["postgres://web:other@db/shop", `postgres://web:${REDACTED}@db/shop`],
    ["postgresql://web:o/th@er@db/shop", `postgresql://web:${REDACTED}@db/shop`],
    ["https://ci:other@registry/x", `https://ci:${REDACTED}@registry/x`],
    ["host=db password=other user=web", `host=db password=${REDACTED} user=web`],
    ["host=db password='oth er' user=web", `host=db password=${REDACTED} user=web`],
    ["postgres://db/shop?password=other&x=1", `postgres://db/shop?password=${REDACTED}&x=1`],
    ['{"password":"oth\\"er","user":"web"}', `{"password":${REDACTED},"user":"web"}`],
    ["alter role web password 'other'", `alter role web password ${REDACTED}`],
  ])("%s", (text, expected) => {
    expect(redact(text, [])).toBe(expected);
  });

  test.each([
    'password authentication failed for user "web"',
    "postgres://web@db/shop",
    'relation "public.orders" does not exist',
    "Write it as postgres://USER:PASSWORD@HOST:PORT/NAME.",
    "see https://example.org/a:b/c@d",
  ])("left alone: %s", (text) => {
    expect(redact(text, [])).toBe(text);
  });

  test("a long hostile text is worked off", () => {
    expect(redact("postgres://a:".repeat(20_000), [])).toHaveLength(13 * 20_000);
  });
});
