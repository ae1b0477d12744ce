import pg from "pg";
import type { ConnectionSettings } from "../settings.ts";
import { clientConfig } from "./client-config.ts";
import type { Queryable } from "./queryable.ts";

/** One connection, and what was found out about its server when it was opened. */
export type Session = Queryable &
  AsyncDisposable & {
    readonly client: pg.Client;
    /** The backend's own process id: behind a pooler not the one that the client was told. */
    readonly pid: number;
    readonly server: ServerFacts;
    /** The error that ended the connection, once it has. */
    lost(): Error | null;
    /** Ends the connection at once, without a goodbye. */
    destroy(): void;
  };

export type ServerFacts = {
  pid: number;
  /** As `server_version_num`: 180004. */
  version: number;
  versionText: string;
  database: string;
  databaseOid: number;
  user: string;
  inRecovery: boolean;
  readOnly: boolean;
  /** "" where the role may not read it. */
  systemIdentifier: string;
};

/** How long a connection attempt may take, ms. */
const CONNECT_TIMEOUT_MS = 5_000;
/** And until the session can be used: a pooler takes the connection at once, and lets its first query wait for a backend. */
const OPEN_TIMEOUT_MS = 10_000;
const OLDEST_VERSION = 14;

/**
 * What every session of ours sets: a role's or
 * a database's own time-outs must not end a migration, and a server must notice that its client died.
 */
export function sessionSettings(version: number): string {
  const settings = [
    "SET statement_timeout=0",
    "SET lock_timeout='10s'",
    "SET idle_session_timeout=0",
    "SET idle_in_transaction_session_timeout=0",
    "SET client_connection_check_interval='2s'",
  ];
  if (version >= 170_000) settings.push("SET transaction_timeout=0");
  return settings.join("; ");
}

/**
 * Sets a session back to how it began, whatever a migration left behind in it: a role, a setting, a temporary table. The
 * defaults of transactions hold from the next one on.
 */
export const cleanSession = (version: number): string =>
  `RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DISCARD TEMP; ${sessionSettings(version)}`;

/** The second connection only reads the catalog and writes the log: it must never wait long, nor hold a migration up. */
const SECOND_SETTINGS = "SET statement_timeout='10s'; SET lock_timeout='2s'";

const FACTS = `
select pg_catalog.pg_backend_pid() as pid,
       pg_catalog.current_setting('server_version_num')::int as version,
       pg_catalog.current_setting('server_version') as "versionText",
       pg_catalog.current_database()::text as database,
       (select oid::bigint::text from pg_catalog.pg_database where datname = pg_catalog.current_database()) as "databaseOid",
       current_user::text as "user",
       pg_catalog.pg_is_in_recovery() as "inRecovery",
       pg_catalog.current_setting('transaction_read_only') = 'on' as "readOnly",
       case when pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'execute')
         then (select system_identifier::text from pg_catalog.pg_control_system()) else '' end as "systemIdentifier"`;

/** Opens one connection once; an aborted signal ends the attempt. Rejects with what `pg` rejects with: connect.ts turns that into a failure. */
export async function openSession(
  settings: ConnectionSettings,
  role: "main" | "second",
  signal: AbortSignal,
): Promise<Session> {
  const client = new pg.Client({ ...clientConfig(settings), connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  let lost: Error | null = null;
  // Without a listener a dead connection would end the process.
  client.on("error", (error) => (lost ??= error));
  client.once("end", () => (lost ??= new Error("the connection was closed")));
  const giveUp = (): void => destroy(client);
  signal.addEventListener("abort", giveUp, { once: true });
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    giveUp();
  }, OPEN_TIMEOUT_MS);
  try {
    signal.throwIfAborted();
    const announced = announcedVersion(client);
    await client.connect();
    if (announced.major < OLDEST_VERSION) throw new UnsupportedServer(announced.text);
    const settled = sessionSettings(announced.major * 10_000);
    const facts = await askFacts(client, role === "main" ? settled : `${settled}; ${SECOND_SETTINGS}`);
    return {
      client,
      pid: facts.pid,
      server: { ...facts, databaseOid: Number(facts.databaseOid) },
      query: async (text, values) => await client.query(text, values),
      lost: () => lost,
      destroy: () => destroy(client),
      [Symbol.asyncDispose]: async () => close(client),
    };
  } catch (error) {
    destroy(client);
    throw late ? new Error(`no answer within ${OPEN_TIMEOUT_MS / 1_000} s`, { cause: error }) : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

export class UnsupportedServer extends Error {
  constructor(version: string) {
    super(`PostgreSQL ${version} is too old: Lockkeeper needs ${OLDEST_VERSION} or newer`);
  }
}

/** The version that the server, or a pooler for it, announces before the first query. */
function announcedVersion(client: pg.Client): { major: number; text: string } {
  const version = { major: OLDEST_VERSION, text: "" };
  (client as WithConnection).connection.on("parameterStatus", ({ parameterName, parameterValue }) => {
    if (parameterName !== "server_version") return;
    version.text = parameterValue;
    version.major = Number.parseInt(parameterValue, 10);
  });
  return version;
}

/** Makes the settings and asks for the facts in one message: a connection's start is a part of every run. */
async function askFacts(client: pg.Client, settings: string): Promise<ServerFacts & { databaseOid: string }> {
  const results = (await client.query(`${settings}; ${FACTS}`)) as unknown as { rows: unknown[] }[];
  const facts = results.at(-1)?.rows[0] as (ServerFacts & { databaseOid: string }) | undefined;
  if (facts === undefined) throw new Error("the server told nothing about itself");
  return facts;
}

type ParameterStatus = { parameterName: string; parameterValue: string };
type WithConnection = pg.Client & {
  connection: {
    stream: { destroy(): void };
    on(event: "parameterStatus", listener: (message: ParameterStatus) => void): void;
  };
};

function destroy(client: pg.Client): void {
  (client as WithConnection).connection.stream.destroy();
}

/** How long a server may take to close a connection after our goodbye, ms. */
const GOODBYE_MS = 500;

/**
 * Says goodbye. That the server's backend ends takes it 2 to 3 ms more and isn't waited for: what it held is released, and
 * it needs nothing of us.
 */
function close(client: pg.Client): void {
  const timer = setTimeout(() => destroy(client), GOODBYE_MS);
  void client
    .end()
    .catch(() => undefined)
    .finally(() => clearTimeout(timer));
}
