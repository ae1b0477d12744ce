import pg from "pg";
import { expect, test } from "vitest";
import { REDACTED, redact } from "../contract/redact.ts";
import { secretsOfConnection, urlOfParts } from "./connection-parts.ts";
import { readEnvironment } from "./environment.ts";
import { clientConfig } from "./postgres/client-config.ts";

const EVERY_SIGN = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i)).join("");
const PARTS = { PGHOST: "db", PGUSER: "app", PGPASSWORD: "canary-canary", PGDATABASE: "shop" };

/** What `pg` understands of the variables. */
function read(variables: Record<string, string>) {
  const url = urlOfParts(variables) ?? "";
  const settings = { url, ca: null, connectWaitMs: 0, applicationName: "x", checkPooler: true };
  const { host, port, user, password, database, ssl } = new pg.Client(clientConfig(settings));
  return { host, port, user, password, database, ssl };
}

test.each([
  ["every sign of ASCII", `a${EVERY_SIGN}z`],
  ["space at both ends", " pass word "],
  ["what looks like an escape", "%41%zz%"],
  ["what looks like a URL", "postgres://a:b@c/d?e=f#g"],
  ["letters of the world", "pässwörd-пароль-密码-🔑"],
])("a password with %s arrives as it is, and is hidden where it is printed", (_name, password) => {
  const variables = { ...PARTS, PGPASSWORD: password };
  expect(read(variables)).toMatchObject({ host: "db", port: 5432, user: "app", password, database: "shop" });
  const printed = redact(`[${password}] [${urlOfParts(variables)}]`, secretsOfConnection(variables));
  expect(printed).toContain(`[${REDACTED}]`);
  expect(printed).not.toContain(password);
  expect(printed).not.toContain(encodeURIComponent(password));
});

test("a line break at the end of a password is left out: a Secret that was made from a file has one", () => {
  expect(read({ ...PARTS, PGPASSWORD: "canary-canary\n" }).password).toBe("canary-canary");
});

test.each([
  ["a port", { PGPORT: "6432" }, { port: 6432 }],
  ["an IPv4 address", { PGHOST: "10.0.0.1" }, { host: "10.0.0.1" }],
  ["an IPv6 address", { PGHOST: "fd00::1" }, { host: "fd00::1" }],
  ["a socket", { PGHOST: "/var/run/postgresql" }, { host: "/var/run/postgresql" }],
  ["a user of special signs", { PGUSER: "a@b:c/d" }, { user: "a@b:c/d" }],
  ["a database of special signs", { PGDATABASE: "a b/c%20&é@:" }, { database: "a b/c%20&é@:" }],
  ["no TLS", { PGSSLMODE: "disable" }, { ssl: false }],
  ["TLS without a check", { PGSSLMODE: "require" }, { ssl: { rejectUnauthorized: false } }],
  ["TLS with a check", { PGSSLMODE: "verify-full" }, { ssl: {} }],
])("%s is understood", (_name, more, expected) => {
  expect(read({ ...PARTS, ...more })).toMatchObject(expected);
});

test.each([
  ["several hosts", { PGHOST: "a,b" }, "PGHOST"],
  ["a host that ends the URL's part", { PGHOST: "db/x?host=evil" }, "PGHOST"],
  ["no number", { PGPORT: "54x" }, "PGPORT"],
  ["a port beyond the last", { PGPORT: "65536" }, "PGPORT"],
  ["a name that a URL drops", { PGDATABASE: ".." }, "PGDATABASE"],
  ["a name that ends the path", { PGDATABASE: "a?host=evil" }, "PGDATABASE"],
  ["a mode that may end in plain text", { PGSSLMODE: "prefer" }, "PGSSLMODE"],
])("%s is refused, and the password not told", (_name, more, variable) => {
  const variables = (): unknown => readEnvironment({ ...PARTS, ...more });
  expect(variables).toThrow(variable);
  expect(variables).not.toThrow("canary");
});

test("the parts count only where neither DATABASE_URL nor DATABASE_URL_FILE is set", () => {
  const wrong = { ...PARTS, PGPORT: "x" };
  expect(readEnvironment({ DATABASE_URL: "postgres://a@b/c", ...wrong }).databaseUrl).toBe("postgres://a@b/c");
  expect(readEnvironment({ DATABASE_URL_FILE: "/f", ...wrong })).toMatchObject({ databaseUrl: null });
  expect(readEnvironment({ DATABASE_URL: "", ...PARTS })).toMatchObject({
    databaseUrl: "postgres://app:canary-canary@db/shop",
    urlFrom: "PGHOST",
  });
});
