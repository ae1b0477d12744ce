import { readFileSync } from "node:fs";
import type { Environment } from "../environment.ts";
import { invalidInput } from "../failure.ts";
import type { Failure } from "../failure.ts";
import type { ConnectionSettings } from "../settings.ts";
import { durationOf } from "./values.ts";
import type { Values } from "./values.ts";

/**
 * The connection from flags and environment: --database-url-file, DATABASE_URL, DATABASE_URL_FILE, PGHOST, in this order.
 * Throws invalid input that names where the URL came from and never a part of it.
 */
export function readConnection(from: Values, environment: Environment): ConnectionSettings {
  return {
    url: readUrl(from, environment),
    ca: readCa(from),
    connectWaitMs: durationOf(from, "connect-wait", "15s"),
    applicationName: "lockkeeper",
    checkPooler: true,
  };
}

function readUrl(from: Values, environment: Environment): string {
  const flag = from.values["database-url-file"];
  if (flag !== undefined) return readUrlFile(from.label("database-url-file"), flag);
  if (environment.databaseUrl !== null) return checkUrl(environment.urlFrom, environment.databaseUrl);
  if (environment.databaseUrlFile !== null) return readUrlFile("DATABASE_URL_FILE", environment.databaseUrlFile);
  throw invalidInput("no database is named: DATABASE_URL isn't set", {
    hint: "Set it to postgres://USER@HOST:PORT/NAME with :PASSWORD after USER, or DATABASE_URL_FILE to a file that holds that, or PGHOST and the others in parts.",
  });
}

function readUrlFile(label: string, file: string): string {
  const text = readText(label, file).trim();
  if (text === "") throw invalidInput(`${label}: ${file} is empty`, { hint: "Put the connection string in it." });
  return checkUrl(`${label} (${file})`, text);
}

/** Returns the URL when `pg` can use it. The failure has no cause: a URL error carries its input, the credential. */
export function checkUrl(label: string, text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw notAUrl(label);
  }
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") throw notAUrl(label);
  if (url.hash !== "") throw notAUrl(label);
  if (url.hostname === "" && !url.searchParams.has("host")) {
    throw invalidInput(`${label} names no host`, {
      hint: "Write it as postgres://USER@HOST:PORT/NAME, with :PASSWORD after USER.",
    });
  }
  return text;
}

const notAUrl = (label: string): Failure =>
  invalidInput(`${label} is not a PostgreSQL URL (it isn't shown: it may hold a password)`, {
    hint: "Write it as postgres://USER@HOST:PORT/NAME with :PASSWORD after USER, and in it %40 for @, %3A for :, %2F for /, %3F for ?, %23 for # and %25 for %.",
  });

/** The certificates of --ca-file, or null. Throws invalid input for a file that can't be read, or holds none. */
export function readCa(from: Values): string | null {
  const file = from.values["ca-file"];
  if (file === undefined) return null;
  const label = from.label("ca-file");
  const text = readText(label, file);
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw invalidInput(`${label}: ${file} holds no certificate`, {
    hint: "It has to be a PEM file with -----BEGIN CERTIFICATE----- in it.",
  });
}

/** A file's text. Throws invalid input that names the flag or variable, and the file. */
export function readText(label: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw invalidInput(`${label}: ${file} can't be read (${code})`, {
      hint: "Look at the path, the mount and the file's rights.",
    });
  }
}
