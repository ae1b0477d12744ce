import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Failure } from "../failure.ts";
import { readCheckSettings } from "./check-settings.ts";
import type { CheckSettings } from "./check-settings.ts";
import { valuesOf } from "./invocation.ts";
import { parseArguments } from "./parse.ts";

const folder = mkdtempSync(join(tmpdir(), "lockkeeper-check-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const SET = { DEPLOY_OPS_URL: "https://shop.example.com", DEPLOY_OPS_TOKEN: "canary-0123456789" };

function settings(line: string, variables: Record<string, string> = SET): CheckSettings {
  const { arguments: args, failure } = parseArguments(["check", ...line.split(" ").filter((word) => word !== "")]);
  if (failure !== null) throw failure;
  return readCheckSettings(valuesOf(args), variables);
}

function refused(line: string, variables: Record<string, string> = SET): Failure {
  try {
    settings(line, variables);
  } catch (error) {
    return error as Failure;
  }
  throw new Error("nothing was refused");
}

test("the defaults are those of the design", () => {
  expect(settings("")).toMatchObject({
    token: SET.DEPLOY_OPS_TOKEN,
    lookbackMinutes: 120,
    strict: false,
    waitMs: 60_000,
    notifyUrl: null,
    ca: null,
  });
  expect(settings("").endpoint?.href).toBe("https://shop.example.com/api/ops/migrations?lookbackMinutes=120&limit=3");
});

test.each([
  ["https://a.example", "https://a.example/api/ops/migrations?lookbackMinutes=120&limit=3"],
  ["https://a.example/", "https://a.example/api/ops/migrations?lookbackMinutes=120&limit=3"],
  ["http://web:3000/shop/api/ops/migrations", "http://web:3000/shop/api/ops/migrations?lookbackMinutes=120&limit=3"],
  ["https://a.example/ops?x=1&limit=9#part", "https://a.example/ops?x=1&limit=3&lookbackMinutes=120"],
])("%s is asked at %s", (url, endpoint) => {
  expect(settings(`--url ${url}`).endpoint?.href).toBe(endpoint);
});

test("each flag and variable sets what it names, and the flag wins", () => {
  const found = settings(
    `--lookback 2h --wait 0 --namespace shop --name web --strict --notify-url-file ${file("hook", " https://hooks.example/canary\n")}`,
  );
  expect(found).toMatchObject({ lookbackMinutes: 120, waitMs: 0, strict: true });
  expect(found.notifyUrl?.href).toBe("https://hooks.example/canary");
  expect(found.endpoint?.search).toBe("?lookbackMinutes=120&limit=3&namespace=shop&name=web");
  const variables = { ...SET, DEPLOY_MIGRATION_ALERT_LOOKBACK_MINUTES: "30", DEPLOY_MIGRATION_ALERT_STRICT: "1" };
  expect(settings("", variables)).toMatchObject({ lookbackMinutes: 30, strict: true });
  expect(settings("--lookback 45m", variables)).toMatchObject({ lookbackMinutes: 45, strict: true });
});

test("the token comes from the flag's file, else DEPLOY_OPS_TOKEN, else DEPLOY_OPS_TOKEN_FILE", () => {
  const both = { ...SET, DEPLOY_OPS_TOKEN_FILE: file("variable", "of-the-variable\n") };
  expect(settings(`--token-file ${file("flag", "of-the-flag\n")}`, both).token).toBe("of-the-flag");
  expect(settings("", both).token).toBe(SET.DEPLOY_OPS_TOKEN);
  expect(settings("", { ...both, DEPLOY_OPS_TOKEN: " " }).token).toBe("of-the-variable");
});

test("without a token nothing else is needed, but what is said has to be right", () => {
  expect(settings("", {})).toMatchObject({ token: null, endpoint: null });
  expect(settings("", { DEPLOY_OPS_URL: "nonsense" }).endpoint).toBeNull();
  expect(refused("--wait soon", {}).exitCode).toBe(13);
});

test.each<[string, string, Record<string, string>, RegExp]>([
  ["no URL", "", { DEPLOY_OPS_TOKEN: SET.DEPLOY_OPS_TOKEN }, /DEPLOY_OPS_URL isn't set/],
  ["a URL that is none", "--url canary", SET, /^--url is not a URL/],
  ["another protocol", "", { ...SET, DEPLOY_OPS_URL: "ftp://canary.example" }, /^DEPLOY_OPS_URL is not a URL of http/],
  ["a credential in the URL", "--url https://a:canary@b.example", SET, /has a user or a password/],
  ["a token of two words", "", { ...SET, DEPLOY_OPS_TOKEN: "canary canary" }, /DEPLOY_OPS_TOKEN is no token/],
  [
    "a token with an end of line in it",
    "",
    { ...SET, DEPLOY_OPS_TOKEN: "canary\r\nx-evil: 1" },
    /DEPLOY_OPS_TOKEN is no token/,
  ],
  ["an empty token file", `--token-file ${file("empty", "\n")}`, SET, /--token-file: .* is empty/],
  ["a token file that isn't there", "", { DEPLOY_OPS_TOKEN_FILE: "/nowhere/token" }, /can't be read \(ENOENT\)/],
  ["seconds to look back", "--lookback 90s", SET, /no duration of whole minutes/],
  ["months to look back", "--lookback 31d", SET, /no duration of whole minutes/],
  [
    "a lookback that is none",
    "",
    { ...SET, DEPLOY_MIGRATION_ALERT_LOOKBACK_MINUTES: "2h" },
    /LOOKBACK_MINUTES is "2h"/,
  ],
  ["a lookback of nothing", "", { ...SET, DEPLOY_MIGRATION_ALERT_LOOKBACK_MINUTES: "0" }, /LOOKBACK_MINUTES is "0"/],
  ["neither on nor off", "", { ...SET, DEPLOY_MIGRATION_ALERT_STRICT: "maybe" }, /neither on nor off/],
  [
    "a webhook that is no URL",
    `--notify-url-file ${file("no-url", "canary")}`,
    SET,
    /^--notify-url-file \(.*\) is not a URL/,
  ],
  ["a token as an argument", "--token canary", SET, /can read a process's arguments/],
  ["a webhook as an argument", "--notify-url https://hooks.example/canary", SET, /can read a process's arguments/],
])("%s is refused by its name, and no secret is repeated", (_, line, variables, message) => {
  const failure = refused(line, variables);
  expect(failure).toMatchObject({ exitCode: 13, message: expect.stringMatching(message) });
  expect(`${failure.message} ${JSON.stringify(failure.details)}`).not.toContain("canary");
});
