import { expect, test } from "vitest";
import type { ConnectionSettings } from "../settings.ts";
import { clientConfig } from "./client-config.ts";

const CA = "-----BEGIN CERTIFICATE-----";

const settings = (url: string, ca: string | null = null): ConnectionSettings => ({
  url,
  ca,
  connectWaitMs: 0,
  applicationName: "lockkeeper x",
  checkPooler: true,
});

test("without a CA the URL is used as it is, with keepalives and our name", () => {
  const url = "postgres://u:p@host/db?sslmode=require&application_name=theirs";
  expect(clientConfig(settings(url))).toEqual({
    application_name: "lockkeeper x",
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    connectionString: url,
  });
});

test.each(["", "?sslmode=require", "?sslmode=prefer&ssl=0&sslrootcert=/x&uselibpqcompat=true", "?sslmode=no-verify"])(
  "with a CA the connection is verified by it, whatever the URL says: %j",
  (query) => {
    const config = clientConfig(settings(`postgres://u:p@host/db${query}`, CA));
    expect(config.connectionString).toBe("postgres://u:p@host/db");
    expect(config.ssl).toEqual({ ca: CA, rejectUnauthorized: true });
  },
);

test("other parameters of the URL stay, and verify-ca leaves only the name unchecked", () => {
  const config = clientConfig(settings("postgres://u:p@host/db?sslmode=verify-ca&options=-c%20x%3Dy", CA));
  expect(config.connectionString).toBe("postgres://u:p@host/db?options=-c+x%3Dy");
  expect(config.ssl).toMatchObject({ ca: CA, rejectUnauthorized: true });
  expect((config.ssl as { checkServerIdentity(): unknown }).checkServerIdentity()).toBeUndefined();
});

test.each([
  ["postgres://u:canary@host/db?sslmode=disable", "sslmode=disable"],
  ["postgres://u:canary@host/db?sslcert=/c&sslkey=/k", "sslcert"],
  ["postgres://u:canary@:bad:/db", "can't be read"],
])("a URL that contradicts the CA is refused without its password: %s", (url, message) => {
  const config = (): unknown => clientConfig(settings(url, CA));
  expect(config).toThrow(message);
  expect(config).not.toThrow("canary");
});
