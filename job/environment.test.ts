import { expect, test } from "vitest";
import { parseRunner, readEnvironment } from "./environment.ts";

test("an environment that says nothing migrates and writes the run log", () => {
  expect(readEnvironment({})).toEqual({
    databaseUrl: null,
    urlFrom: "DATABASE_URL",
    databaseUrlFile: null,
    enabled: true,
    runner: null,
    telemetry: true,
    noColor: false,
    debug: false,
  });
});

test("an empty variable is the same as an unset one, as compose files make them", () => {
  const empty = { DATABASE_URL: "", DB_MIGRATE_ENABLED: " ", DB_MIGRATE_RUNNER: "", DB_MIGRATE_TELEMETRY_ENABLED: "" };
  expect(readEnvironment(empty)).toEqual(readEnvironment({}));
});

test.each([
  ["1", true],
  ["true", true],
  ["TRUE", true],
  ["0", false],
  ["false", false],
  [" 0 ", false],
])("DB_MIGRATE_ENABLED=%j is %s", (value, enabled) => {
  expect(readEnvironment({ DB_MIGRATE_ENABLED: value }).enabled).toBe(enabled);
  expect(readEnvironment({ DB_MIGRATE_TELEMETRY_ENABLED: value }).telemetry).toBe(enabled);
});

test.each(["2", "yes", "off", "disabled"])(
  "DB_MIGRATE_ENABLED=%j is an error: nobody should have to guess",
  (value) => {
    expect(() => readEnvironment({ DB_MIGRATE_ENABLED: value })).toThrow(
      `DB_MIGRATE_ENABLED is ${JSON.stringify(value)}`,
    );
  },
);

test("the connection and the runner are read as they are", () => {
  const read = readEnvironment({
    DATABASE_URL: " postgres://a@b/c\n",
    DATABASE_URL_FILE: "/run/secrets/url",
    DB_MIGRATE_RUNNER: "compose-migrate-job",
  });
  expect(read).toMatchObject({
    databaseUrl: "postgres://a@b/c",
    databaseUrlFile: "/run/secrets/url",
    runner: "compose-migrate-job",
  });
});

test.each(["two words", "-x", "x".repeat(64), "a\nb"])("%j is not a runner's name", (name) => {
  expect(() => parseRunner("--runner", name)).toThrow("--runner is not a runner's name");
});
