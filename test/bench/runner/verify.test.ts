import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer } from "../../postgres/server.ts";
import type { Server } from "../../postgres/server.ts";
import type { Contender } from "./contenders.ts";
import { urlOf, withClient, withDatabase } from "./database.ts";
import { migrations } from "./migrations.ts";
import { problems, schemaDigest } from "./verify.ts";

let server: Server;
beforeAll(async () => {
  server = await startServer({ version: 18 });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const all = migrations(10);
const contender: Contender = {
  id: "test",
  label: "test",
  folder: "sql",
  transactions: "",
  command: () => ({ file: "", args: [], env: {} }),
  history: {
    tables: ["own"],
    query: "select name from own order by name",
    expected: (list) => list.map(({ name }) => name),
  },
};

/** What is wrong after all migrations and their history, and then `sql`. */
const after = (sql: string) =>
  withDatabase(server, (name) =>
    withClient(urlOf(server, name), async (client) => {
      await client.query(all.map((migration) => migration.sql).join(";"));
      const digest = await schemaDigest(client, []);
      await client.query("create table own (name text primary key)");
      for (const { name: migration } of all) await client.query("insert into own values ($1)", [migration]);
      await client.query(sql);
      return problems(client, contender, all, digest);
    }),
  );

test("a database with all the work done has no problem", async () => {
  expect(await after("select 1")).toEqual([]);
});

test.each([
  "drop index users_0000_name_idx",
  'alter table users_0000 alter column "position" drop default',
  "alter table users_0000 drop constraint users_0000_position_check",
  "delete from plans_0001 where id = 3",
  "drop table plans_0001",
  "create table surplus ()",
])("less or other work is seen: %s", async (sql) => {
  expect(await after(sql)).toEqual(["another schema or other rows"]);
});

test("a history that lacks a row is seen", async () => {
  expect(await after("delete from own where name like '0004%'")).toEqual([
    "a history of 9 that isn't the expected one",
  ]);
});
