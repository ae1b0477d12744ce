import { parseDuration } from "../../contract/duration.ts";
import { parseSwitch } from "../environment.ts";
import type { Variables } from "../environment.ts";
import { invalidInput } from "../failure.ts";
import { readCa, readText } from "./connection.ts";
import { durationOf } from "./values.ts";
import type { Values } from "./values.ts";

export type CheckSettings = {
  /** Null: it is skipped. */
  token: string | null;
  /** The endpoint with its query; null only where it is skipped. */
  endpoint: URL | null;
  lookbackMinutes: number;
  strict: boolean;
  waitMs: number;
  /** A webhook's, which is a secret. */
  notifyUrl: URL | null;
  ca: string | null;
};

const PATH = "/api/ops/migrations";
/** All that is told of runs is which is the newest, and whether one is at work. */
const RUNS = "3";
const LONGEST_LOOKBACK_MINUTES = 43_200;

/**
 * What a check is told by flags and environment. Throws invalid input for what can't be used, skipped or not; no message has
 * the token or the webhook's URL.
 */
export function readCheckSettings(from: Values, variables: Variables): CheckSettings {
  const read = (name: string): string | null => variables[name]?.trim() || null;
  const { values, switches } = from;
  const lookbackMinutes = lookbackOf(from, read("DEPLOY_MIGRATION_ALERT_LOOKBACK_MINUTES"));
  const strictByEnvironment = parseSwitch(
    "DEPLOY_MIGRATION_ALERT_STRICT",
    read("DEPLOY_MIGRATION_ALERT_STRICT"),
    false,
  );
  const notifyFile = values["notify-url-file"];
  const settings = {
    lookbackMinutes,
    strict: switches.has("strict") || strictByEnvironment,
    waitMs: durationOf(from, "wait", "1m"),
    notifyUrl:
      notifyFile === undefined
        ? null
        : urlOf(`--notify-url-file (${notifyFile})`, fileOf("--notify-url-file", notifyFile)),
    ca: readCa(from),
  };
  const token = tokenOf(from, read);
  if (token === null) return { ...settings, token, endpoint: null };
  const label = values.url === undefined ? "DEPLOY_OPS_URL" : "--url";
  const text = values.url ?? read("DEPLOY_OPS_URL");
  if (text === null) {
    throw invalidInput("there is a token, but nothing to ask: DEPLOY_OPS_URL isn't set", {
      hint: "Set it, or --url, to the app's origin or, with the operator, to that of its ops Service.",
    });
  }
  const query = {
    lookbackMinutes: String(lookbackMinutes),
    limit: RUNS,
    namespace: values.namespace ?? "",
    name: values.name ?? "",
  };
  return { ...settings, token, endpoint: endpointOf(urlOf(label, text), query) };
}

function lookbackOf(from: Values, variable: string | null): number {
  const flag = from.values.lookback;
  const name = "DEPLOY_MIGRATION_ALERT_LOOKBACK_MINUTES";
  const number = /^\d{1,9}$/.test(variable ?? "120") ? Number(variable ?? "120") : Number.NaN;
  const minutes = flag === undefined ? number : (parseDuration(flag) ?? Number.NaN) / 60_000;
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= LONGEST_LOOKBACK_MINUTES) return minutes;
  throw flag === undefined
    ? invalidInput(
        `${name} is ${JSON.stringify(variable)}, which is no number of minutes from 1 to ${LONGEST_LOOKBACK_MINUTES}`,
      )
    : invalidInput(`--lookback: ${JSON.stringify(flag)} is no duration of whole minutes from 1m to 30d`, {
        hint: "Write it as 120m or 2h.",
      });
}

/** --token-file, DEPLOY_OPS_TOKEN, DEPLOY_OPS_TOKEN_FILE, in this order. A file that is named has to have one. */
function tokenOf(from: Values, read: (name: string) => string | null): string | null {
  const flag = from.values["token-file"];
  const variable = read("DEPLOY_OPS_TOKEN_FILE");
  const given = read("DEPLOY_OPS_TOKEN");
  if (flag !== undefined) return usable("--token-file", fileOf("--token-file", flag));
  if (given !== null) return usable("DEPLOY_OPS_TOKEN", given);
  return variable === null ? null : usable("DEPLOY_OPS_TOKEN_FILE", fileOf("DEPLOY_OPS_TOKEN_FILE", variable));
}

function usable(label: string, token: string): string {
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw invalidInput(
    `${label} is no token (it isn't shown): it has spaces or other characters that no header can have, or is too long`,
  );
}

function fileOf(label: string, file: string): string {
  const text = readText(label, file).trim();
  if (text === "") throw invalidInput(`${label}: ${file} is empty`);
  return text;
}

/** Neither is shown where it can't be used: part of it may be a secret. */
function urlOf(label: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw invalidInput(`${label} is not a URL of http or https (it isn't shown: it may hold a secret)`);
  }
  if (url.username !== "" || url.password !== "") {
    throw invalidInput(`${label} has a user or a password in it, which would be told to whoever reads a log`, {
      hint: "The endpoint takes a token only: DEPLOY_OPS_TOKEN.",
    });
  }
  return url;
}

function endpointOf(url: URL, query: Record<string, string>): URL {
  const endpoint = new URL(url);
  endpoint.hash = "";
  if (endpoint.pathname === "/") endpoint.pathname = PATH;
  for (const [name, value] of Object.entries(query)) if (value !== "") endpoint.searchParams.set(name, value);
  return endpoint;
}
