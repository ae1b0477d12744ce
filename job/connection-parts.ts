import { secretsOf } from "../contract/redact.ts";
import { invalidInput } from "./failure.ts";

type Variables = Readonly<Record<string, string | undefined>>;

/** libpq's, as far as they name one server and how to reach it. */
const HOST_NAME = /^[A-Za-z0-9._-]+$/;
const ADDRESS_6 = /^[0-9A-Fa-f:.]+$/;

/** How `pg` has to be told what libpq means: it alone would take `require` for `verify-full`. */
const TLS = {
  disable: "sslmode=disable",
  require: "uselibpqcompat=true&sslmode=require",
  "verify-ca": "sslmode=verify-ca",
  "verify-full": "sslmode=verify-full",
} as const;

/**
 * The connection URL that PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD and PGSSLMODE are; null without PGHOST. Throws
 * invalid input that names the variable, and never the password.
 */
export function urlOfParts(variables: Variables): string | null {
  const read = (name: string): string => variables[name]?.trim() ?? "";
  const host = read("PGHOST");
  if (host === "") return null;
  const port = portOf(read("PGPORT"));
  const name = nameOf(read("PGDATABASE"));
  const parameters = [...socketOf(host), ...tlsOf(read("PGSSLMODE"))];
  const query = parameters.length === 0 ? "" : `?${parameters.join("&")}`;
  return `postgres://${userInfoOf(variables)}${hostOf(host)}${port}${name}${query}`;
}

/** What must not be printed of the connection that the environment names, whether it can be used or not. */
export function secretsOfConnection(variables: Variables): string[] {
  return [...secretsOf(variables.DATABASE_URL ?? ""), ...secretsOf(`postgres://${userInfoOf(variables)}host`)];
}

/** A line break at the end is the editor's or the shell's that made the Secret; other space may be the password's. */
function userInfoOf({ PGUSER = "", PGPASSWORD = "" }: Variables): string {
  const encode = (text: string): string => encodeURIComponent(text.toWellFormed());
  const password = PGPASSWORD.replace(/\r?\n$/, "");
  const user = PGUSER.trim();
  if (password === "") return user === "" ? "" : `${encode(user)}@`;
  return `${encode(user)}:${encode(password)}@`;
}

function hostOf(host: string): string {
  // A socket's folder is told by a parameter, which wins; a URL needs a host all the same.
  if (host.startsWith("/")) return "localhost";
  if (HOST_NAME.test(host)) return host;
  if (host.includes(":") && ADDRESS_6.test(host)) return `[${host}]`;
  throw invalidInput("PGHOST is not the name or address of one server", {
    hint: "Write a host's name, an IPv4 or IPv6 address, or the folder of a socket.",
  });
}

const socketOf = (host: string): string[] => (host.startsWith("/") ? [`host=${encodeURIComponent(host)}`] : []);

function portOf(text: string): string {
  if (text === "") return "";
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return `:${port}`;
  throw invalidInput("PGPORT is not a port", { hint: "Write a number from 1 to 65535." });
}

/** `pg` reads a path without decoding all of it, and URLs shorten dots: a name that doesn't come through is refused. */
function nameOf(name: string): string {
  const path = `/${encodeURI(name.toWellFormed())}`;
  const read = new URL(`postgres://host${path}`).pathname.slice(1);
  if (decodeURI(read) === name) return path;
  throw invalidInput("PGDATABASE is a name that a connection URL can't carry", {
    hint: "It holds one of ? and #, or consists of dots. Rename the database.",
  });
}

function tlsOf(mode: string): string[] {
  if (mode === "") return [];
  if (Object.hasOwn(TLS, mode)) return [TLS[mode as keyof typeof TLS]];
  throw invalidInput(`PGSSLMODE is ${JSON.stringify(mode)}, which is none of ${Object.keys(TLS).join(", ")}`, {
    hint: "Lockkeeper doesn't fall back from TLS to plain text: say which of them it is.",
  });
}
