import pg from "pg";
import { expect, inject, test } from "vitest";
import { database } from "./database.ts";

test("a database is empty, on the project's version, and gone when it is disposed", async () => {
  let left: { name: string; serverUrl: string };
  {
    await using db = await database();
    left = db;
    const tables =
      "select from information_schema.tables where table_schema not in ('pg_catalog', 'information_schema')";
    expect(await db.query(tables)).toEqual([]);
    const [setting] = await db.query<{ server_version_num: string }>("show server_version_num");
    expect(Math.floor(Number(setting?.server_version_num) / 10_000)).toBe(inject("postgresVersion"));
    expect(db.version).toBe(inject("postgresVersion"));
  }
  await using other = await database();
  expect(await other.query("select from pg_database where datname = $1", [left.name])).toEqual([]);
});

test("open sessions, prepared transactions and roles do not keep a database alive", async () => {
  let name: string;
  {
    await using db = await database();
    name = db.name;
    const client = await db.connect("worker");
    await client.query("begin; create table kept (); prepare transaction 'left behind'");
    await db.role("app", { grants: ["create on schema public"] });
  }
  await using other = await database();
  expect(await other.query("select from pg_database where datname = $1", [name])).toEqual([]);
  expect(await other.query("select from pg_roles where starts_with(rolname, $1)", [name])).toEqual([]);
});

test("a role has its grants and settings, and is no superuser", async () => {
  await using db = await database();
  const role = await db.role("app", {
    grants: [`create on database ${db.name}`],
    settings: { statement_timeout: "1234ms" },
    password: "a/b@c'd",
  });
  const client = new pg.Client({ connectionString: role.url });
  await client.connect();
  await client.query("create schema own");
  const { rows } = await client.query("select current_user::text, current_setting('statement_timeout') as timeout");
  expect(rows).toEqual([{ current_user: role.name, timeout: "1234ms" }]);
  await expect(client.query("create role more")).rejects.toMatchObject({ code: "42501" });
  await client.end();
});
