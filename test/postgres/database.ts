import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";

export type DatabaseOptions = {
  /** A server of the test's own instead of the project's, from `startServer`. */
  server?: { url: string; version: number };
  /** The database that this one is a copy of. Nobody may be connected to it. */
  template?: string;
};

export type RoleOptions = {
  /** What follows `grant` and precedes `to ROLE`, for example `create on schema public`. */
  grants?: string[];
  /** Settings of the role, for example `{ statement_timeout: "1s" }`. */
  settings?: Record<string, string>;
  /** A password of the test's own choice. */
  password?: string;
};

/** A database of a test's own, that is dropped at the end. */
export type TestDatabase = AsyncDisposable & {
  /** As superuser. */
  url: string;
  name: string;
  /** The server's major version. */
  version: number;
  /** As superuser, to the server's database `postgres`. */
  serverUrl: string;
  /** One statement as superuser, on a connection of its own: no session outlives it. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** A superuser's session, ended with the database. An end by the server is no uncaught error. */
  connect(applicationName?: string): Promise<pg.Client>;
  /** A login role that is no superuser. Since Postgres 15 it may create in `public` only if `grants` say so. */
  role(suffix: string, options?: RoleOptions): Promise<{ name: string; url: string }>;
};

/** Creates an empty database. Use: `await using db = await database()`. */
export async function database(options: DatabaseOptions = {}): Promise<TestDatabase> {
  const { url: serverUrl, version } = options.server ?? inject("postgres");
  const name = `test_${randomBytes(6).toString("hex")}`;
  const url = withParts(serverUrl, { database: name });
  const clients: pg.Client[] = [];
  const roles: string[] = [];
  await query(serverUrl, `create database ${name} template ${options.template ?? "template0"}`);
  return {
    url,
    name,
    version,
    serverUrl,
    query: (text, values) => query(url, text, values),
    async connect(applicationName = "test") {
      const client = await open(url, applicationName);
      clients.push(client);
      return client;
    },
    async role(suffix, { grants = [], settings = {}, password = randomBytes(12).toString("hex") } = {}) {
      const role = `${name}_${suffix}`;
      await query(serverUrl, `create role ${role} login password ${pg.escapeLiteral(password)}`);
      roles.push(role);
      for (const grant of grants) await query(url, `grant ${grant} to ${role}`);
      for (const [key, value] of Object.entries(settings)) {
        await query(serverUrl, `alter role ${role} set ${key} = ${pg.escapeLiteral(value)}`);
      }
      return { name: role, url: withParts(url, { user: role, password }) };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.end().catch(() => {})));
      // A prepared transaction keeps its database alive, even from `with (force)`.
      const prepared = "select gid from pg_prepared_xacts where database = current_database()";
      for (const { gid } of await query<{ gid: string }>(url, prepared)) {
        await query(url, `rollback prepared ${pg.escapeLiteral(gid)}`);
      }
      await query(serverUrl, `drop database ${name} with (force)`);
      for (const role of roles) await query(serverUrl, `drop role ${role}`);
    },
  };
}

async function open(url: string, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: applicationName });
  client.on("error", () => {});
  await client.connect();
  return client;
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string, values?: unknown[]): Promise<Row[]> {
  const client = await open(url, "test");
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

function withParts(url: string, parts: { database?: string; user?: string; password?: string }): string {
  const changed = new URL(url);
  if (parts.database !== undefined) changed.pathname = `/${parts.database}`;
  if (parts.user !== undefined) changed.username = encodeURIComponent(parts.user);
  if (parts.password !== undefined) changed.password = encodeURIComponent(parts.password);
  return changed.href;
}
