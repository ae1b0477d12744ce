import pg from "pg";
import { describe, expect, test } from "vitest";
import { database } from "../../test/postgres/database.ts";
import type { TestDatabase } from "../../test/postgres/database.ts";
import type { TableName } from "../postgres/name.ts";
import { quoteTable } from "../postgres/name.ts";
import type { Queryable } from "../postgres/queryable.ts";
import type { Migration } from "../source/migration.ts";
import { entry, folder, migration, source } from "./example.ts";
import type { History } from "./history.ts";
import { openHistory } from "./open.ts";

/** What every history promises, on a real server. */
const RUN = "01930000-0000-7000-8000-000000000001";

const HOSTILE = [
  "it's; drop table x; --",
  'quo"ted',
  "back\\slash\\' or ''1",
  "$$ $lk_1$ $1",
  "new\nline\r\n%s %",
  "n".repeat(255),
  "ünïcödé 🚢",
];

type Kind = {
  name: string;
  own: TableName;
  /** In the order of their application. */
  migrations: Migration[];
  hostile: Migration[];
  open(table?: TableName): History;
};

const kind = (
  name: string,
  own: TableName,
  make: (name: string, place: number) => Migration,
  format: "sql" | "drizzle",
): Kind => {
  const migrations = ["20260101000001_a", "20260101000002_b", "20260101000003_c"].map(make);
  const hostile = HOSTILE.map((text, place) => make(text, place + 10));
  const all = source([...migrations, ...hostile], format);
  return {
    name,
    own,
    migrations,
    hostile,
    open: (table) => openHistory({ format: "auto", table: table ?? null }, all),
  };
};

const LOCKKEEPER: TableName = { schema: "lockkeeper", table: "migration_history" };
const DRIZZLE: TableName = { schema: "drizzle", table: "__drizzle_migrations" };
const second = (place: number): number => Date.UTC(2026, 0, 1, 0, 0, place + 1);

const KINDS = [
  kind("lockkeeper", LOCKKEEPER, (name) => migration(name), "sql"),
  kind("drizzle 0.x", DRIZZLE, (name, place) => entry(name, 1_700_000_000_123 + place), "drizzle"),
  kind("drizzle 1.0", DRIZZLE, (name, place) => folder(name, { when: second(place) }), "drizzle"),
];

/** As the runner does it: the fragment in a DO block of its own transaction. */
const run = (db: Queryable, fragment: string): Promise<unknown> =>
  db.query(`BEGIN; DO $lk_5f0c$ BEGIN ${fragment} END $lk_5f0c$; COMMIT`).catch(async (error: unknown) => {
    await db.query("ROLLBACK");
    throw error;
  });

async function session(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const tables = async (db: TestDatabase): Promise<string[]> => {
  const rows = await db.query<{ name: string }>(
    `select n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  return rows.map(({ name }) => name);
};

describe.each(KINDS)("$name", ({ own, migrations, hostile, open }) => {
  const [first, next] = migrations as [Migration, Migration];
  const key = { row: { name: expect.any(String) as string } };

  test("ensure creates the table, and a second time leaves it as it is", async () => {
    await using db = await database();
    const client = await db.connect();
    await open().ensure(client);
    await run(client, open().claim(first, RUN));
    await open().ensure(client);
    expect(await tables(db)).toEqual([`${own.schema}.${own.table}`]);
    expect(await open().read(client)).toHaveLength(1);
  });

  test("read creates nothing, and finds nothing where no table is", async () => {
    await using db = await database();
    expect(await open().read(await db.connect())).toEqual([]);
    expect(await db.query("select from pg_namespace where nspname = $1", [own.schema])).toEqual([]);
  });

  test("claim inserts one row, that is matched to its migration with its checksum", async () => {
    await using db = await database();
    const client = await db.connect();
    const history = open();
    await history.ensure(client);
    for (const one of migrations) await run(client, history.claim(one, RUN));
    const matched = history.match(source([...migrations], "sql"), await history.read(client));
    expect(matched.map((one) => [one.migration?.name, one.row.checksum])).toEqual(
      migrations.map((one) => [one.name, one.checksum]),
    );
    expect(matched).toMatchObject(migrations.map(() => key));
  });

  test("a second claim is a unique violation and writes nothing", async () => {
    await using db = await database();
    const client = await db.connect();
    await open().ensure(client);
    await run(client, open().claim(first, RUN));
    await expect(run(client, open().claim(first, RUN))).rejects.toMatchObject({ code: "23505" });
    const changed = { ...first, checksum: "0".repeat(64) };
    await expect(run(client, open().claim(changed, RUN))).rejects.toMatchObject({ code: "23505" });
    await run(client, open().claim(next, RUN));
    expect(await open().read(client)).toHaveLength(2);
  });

  test("forget deletes that row, and raises no_data_found when it isn't there", async () => {
    await using db = await database();
    const client = await db.connect();
    await open().ensure(client);
    for (const one of migrations) await run(client, open().claim(one, RUN));
    await run(client, open().forget(next));
    const left = open().match(source([...migrations], "sql"), await open().read(client));
    expect(left.map((one) => one.migration)).toEqual([first, migrations[2]]);
    await expect(run(client, open().forget(next))).rejects.toMatchObject({ code: "P0002" });
    await run(client, open().claim(next, RUN));
  });

  test("hostile names, and a hostile table, are data", async () => {
    await using db = await database();
    const client = await db.connect();
    const table: TableName = { schema: `s"; drop 'x'\\ %`, table: "t'\"$$\n\\ %I" };
    const history = open(table);
    await client.query(`create schema "s""; drop 'x'\\ %"`);
    await history.ensure(client);
    for (const setting of ["on", "off"]) {
      await client.query(`set standard_conforming_strings = ${setting}; set backslash_quote = off`);
      for (const one of hostile) await run(client, history.claim(one, RUN));
      const matched = history.match(source(hostile, "sql"), await history.read(client));
      expect(matched.map((one) => one.migration?.name)).toEqual(HOSTILE);
      for (const one of hostile) {
        await expect(run(client, history.claim(one, RUN))).rejects.toMatchObject({ code: "23505" });
      }
      for (const one of hostile) await run(client, history.forget(one));
      for (const one of hostile) {
        await expect(run(client, history.forget(one))).rejects.toMatchObject({ code: "P0002" });
      }
    }
  });

  test("whatever comes first in the search_path isn't used", async () => {
    await using db = await database();
    const client = await db.connect();
    await client.query(HOSTILE_SCHEMA);
    await client.query(`set search_path = hostile, pg_catalog`);
    const history = open();
    await history.ensure(client);
    for (const one of migrations) await run(client, history.claim(one, RUN));
    await expect(run(client, history.claim(first, RUN))).rejects.toMatchObject({ code: "23505" });
    await run(client, history.forget(next));
    const matched = history.match(source([...migrations], "sql"), await history.read(client));
    expect(matched.map((one) => one.migration)).toEqual([first, migrations[2]]);
    expect(await db.query("select from hostile.calls")).toEqual([]);
  });

  test("a role without CREATE uses the table that is there", async () => {
    await using db = await database();
    await open().ensure(await db.connect());
    await db.query(`grant select, insert on all tables in schema ${own.schema} to public;
      grant usage on all sequences in schema ${own.schema} to public; grant usage on schema ${own.schema} to public`);
    const role = await db.role("app");
    await using client = await session(role.url);
    await open().ensure(client);
    await run(client, open().claim(first, RUN));
    expect(await open().read(client)).toHaveLength(1);
  });

  test("a role that may create on the database has its own schema made", async () => {
    await using db = await database();
    const role = await db.role("app", { grants: [`create on database ${db.name}`] });
    await using client = await session(role.url);
    await open().ensure(client);
    await run(client, open().claim(first, RUN));
    expect(await open().read(client)).toHaveLength(1);
  });

  test("a role that may not create is told the right, the GRANT, and the flag; nothing is left behind", async () => {
    await using db = await database();
    const role = await db.role("app");
    await using client = await session(role.url);
    await expect(open().ensure(client)).rejects.toMatchObject({
      code: "PERMISSION",
      exitCode: 13,
      message: expect.stringContaining(`it lacks CREATE on database ${db.name}`) as string,
      details: {
        hint: expect.stringMatching(
          new RegExp(`grant create on database "${db.name}" to "${role.name}"; .*--history-table public\\.`),
        ) as string,
      },
    });
    await db.query(`create schema ${own.schema}; grant usage on schema ${own.schema} to public`);
    await expect(open().ensure(client)).rejects.toMatchObject({
      code: "PERMISSION",
      details: {
        hint: expect.stringContaining(`grant usage, create on schema "${own.schema}" to "${role.name}"`) as string,
      },
    });
    expect(await tables(db)).toEqual([]);
  });

  test("a role that may not read or write the table is told which GRANT it needs", async () => {
    await using db = await database();
    await open().ensure(await db.connect());
    const role = await db.role("app");
    await using client = await session(role.url);
    const fails = async (hint: string): Promise<void> => {
      const failure = { code: "PERMISSION", details: { hint: expect.stringContaining(hint) as string } };
      await expect(open().ensure(client)).rejects.toMatchObject(failure);
    };
    await fails(`grant usage on schema "${own.schema}" to "${role.name}"`);
    await expect(open().read(client)).rejects.toMatchObject({ code: "PERMISSION" });
    await db.query(`grant usage on schema ${own.schema} to ${role.name}`);
    await fails(`grant select, insert, delete on ${quoteTable(own)} to "${role.name}"`);
    await expect(open().read(client)).rejects.toMatchObject({ code: "PERMISSION" });
    await db.query(`grant select on ${quoteTable(own)} to ${role.name}`);
    await fails(`grant select, insert, delete on ${quoteTable(own)} to "${role.name}"`);
    expect(await open().read(client)).toEqual([]);
  });

  test("a schema that is not its own is never created", async () => {
    await using db = await database();
    const history = open({ schema: "typo", table: "history" });
    await expect(history.ensure(await db.connect())).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: "--history-table typo.history: there is no schema typo in this database",
    });
    expect(await tables(db)).toEqual([]);
  });

  test.each([
    ["a view", "create view public.history as select 1 as id"],
    ["a materialized view", "create materialized view public.history as select 1 as id"],
    ["a partitioned table", "create table public.history (id int) partition by list (id)"],
    ["unlogged", "create unlogged table public.history (id int)"],
    ["no column", "create table public.history (id int)"],
  ])("a relation that is %s is refused, for reading too", async (what, create) => {
    await using db = await database();
    await db.query(create);
    const client = await db.connect();
    const history = open({ schema: "public", table: "history" });
    const refusal = { code: "INVALID_INPUT", exitCode: 13, message: expect.stringContaining(what) as string };
    await expect(history.ensure(client)).rejects.toMatchObject(refusal);
    await expect(history.read(client)).rejects.toMatchObject(refusal);
  });

  test("an extra column is harmless, unless it must be given", async () => {
    await using db = await database();
    const client = await db.connect();
    await open().ensure(client);
    await client.query(`alter table ${quoteTable(own)} add column note text, add column n int not null default 1`);
    await open().ensure(client);
    await run(client, open().claim(first, RUN));
    await client.query(`alter table ${quoteTable(own)} alter column n drop default`);
    await expect(open().ensure(client)).rejects.toMatchObject({
      message: expect.stringContaining('its column "n" is not null and has no default') as string,
    });
  });
});

/** Operators, functions, types and tables that would be found first, and that tell when they are. */
const HOSTILE_SCHEMA = `
  create schema hostile;
  create table hostile.calls (what text);
  create function hostile.called(what pg_catalog.text) returns boolean language plpgsql as
    'begin insert into hostile.calls values (what); return true; end';
  create function hostile.same(text, text) returns boolean language sql as $$ select hostile.called('text =') $$;
  create function hostile.same(name, name) returns boolean language sql as $$ select hostile.called('name =') $$;
  create function hostile.same(name, text) returns boolean language sql as $$ select hostile.called('name = text') $$;
  create function hostile.same(oid, oid) returns boolean language sql as $$ select hostile.called('oid =') $$;
  create function hostile.same(bigint, bigint) returns boolean language sql as $$ select hostile.called('int8 =') $$;
  create operator hostile.= (leftarg = text, rightarg = text, function = hostile.same);
  create operator hostile.= (leftarg = name, rightarg = name, function = hostile.same);
  create operator hostile.= (leftarg = name, rightarg = text, function = hostile.same);
  create operator hostile.= (leftarg = oid, rightarg = oid, function = hostile.same);
  create operator hostile.>= (leftarg = bigint, rightarg = bigint, function = hostile.same);
  create operator hostile.<= (leftarg = bigint, rightarg = bigint, function = hostile.same);
  create operator hostile.> (leftarg = bigint, rightarg = bigint, function = hostile.same);
  create function hostile.now() returns timestamptz language sql as
    $$ select case when hostile.called('now') then pg_catalog.now() end $$;
  create function hostile.to_char(timestamp, text) returns text language sql as
    $$ select case when hostile.called('to_char') then '' end $$;
  create function hostile.concat(variadic text[]) returns text language sql as
    $$ select case when hostile.called('concat') then '' end $$;
  create table hostile.migration_history (name text, checksum text, run_id uuid, applied_at timestamptz);
  create table hostile.__drizzle_migrations (id serial, hash text, created_at bigint, name text);
  create table hostile.pg_class as table pg_catalog.pg_class with no data;
  create table hostile.pg_namespace as table pg_catalog.pg_namespace with no data;
  create domain hostile.text as pg_catalog.text check (false);
  create domain hostile.uuid as pg_catalog.uuid check (false);
  create domain hostile.timestamptz as pg_catalog.timestamptz check (false);
  create domain hostile.int8 as pg_catalog.int8 check (false);
  create domain hostile.name as pg_catalog.name check (false);
  create domain hostile.regclass as pg_catalog.regclass check (false)`;
