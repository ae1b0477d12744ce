import { Client } from "pg";
import type { Server } from "../../postgres/server.ts";

/** The server's URL with another database, and through another port. */
export const urlOf = (server: Server, database: string, port = server.port): string => {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  url.port = String(port);
  return url.href;
};

export const withClient = async <T>(url: string, use: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
};

/** Makes an empty database, lets `use` work on it, and drops it. The checkpoint gives every run the same start. */
export const withDatabase = async <T>(server: Server, use: (name: string) => Promise<T>): Promise<T> => {
  const name = "bench";
  await withClient(server.url, async (client) => {
    await client.query(`create database ${name} template template0`);
    await client.query("checkpoint");
  });
  try {
    return await use(name);
  } finally {
    await withClient(server.url, (client) => client.query(`drop database ${name} with (force)`));
  }
};
