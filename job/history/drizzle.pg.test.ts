import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import { describe, expect, test } from "vitest";
import { database } from "../../test/postgres/database.ts";
import type { TestDatabase } from "../../test/postgres/database.ts";
import { makePlan } from "../plan.ts";
import type { Plan } from "../plan.ts";
import type { Queryable } from "../postgres/queryable.ts";
import type { Source } from "../source/migration.ts";
import { checksum, entry, folder, source } from "./example.ts";
import type { History } from "./history.ts";
import { openHistory } from "./open.ts";

const RUN = "01930000-0000-7000-8000-000000000001";
const run = (db: Queryable, fragment: string): Promise<unknown> => db.query(`DO $lk_1$ BEGIN ${fragment} END $lk_1$`);
const open = (from: Source): History => openHistory({ format: "auto", table: null }, from);

async function planOf(db: Queryable, from: Source): Promise<Plan> {
  const history = open(from);
  const rows = await history.read(db);
  return makePlan(from, history.match(from, rows), { to: null, allowDrift: false, allowOutOfOrder: false });
}

/** What Lockkeeper does with a plan, as far as the history knows: the row, and the file. */
async function applyOurs(db: Queryable, from: Source, scripts: Scripts): Promise<string[]> {
  const history = open(from);
  await history.ensure(db);
  const { pending } = await planOf(db, from);
  for (const migration of pending) {
    await db.query("begin");
    await run(db, history.claim(migration, RUN));
    await db.query(scripts[migration.name] ?? "");
    await db.query("commit");
  }
  return pending.map(({ name }) => name);
}

type Scripts = Record<string, string>;

/** A folder as drizzle-kit 0.x makes it, for upstream's migrator, and the same as a source. */
async function journal(scripts: Scripts): Promise<{ dir: string; from: Source } & AsyncDisposable> {
  const dir = await mkdtemp(join(tmpdir(), "lockkeeper-drizzle-"));
  await mkdir(join(dir, "meta"));
  const found = Object.entries(scripts).map(([tag, sql], idx) => ({ tag, sql, idx, when: 1_700_000_000_123 + idx }));
  for (const { tag, sql } of found) await writeFile(join(dir, `${tag}.sql`), sql);
  const entries = found.map(({ tag, idx, when }) => ({ idx, version: "7", when, tag, breakpoints: true }));
  await writeFile(join(dir, "meta/_journal.json"), JSON.stringify({ version: "7", dialect: "postgresql", entries }));
  return {
    dir,
    from: source(
      found.map(({ tag, when, sql }) => entry(tag, when, { checksum: checksum(sql) })),
      "drizzle",
    ),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}

const first = { "0000_a": "create table a (id int)", "0001_b": "create table b (id int)" };
const both = { ...first, "0002_c": "create table c (id int)", "0003_empty": "", "0004_also_empty": "" };

const columns = (db: TestDatabase): Promise<unknown[]> =>
  db.query(
    `select a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
       pg_get_constraintdef(k.oid), k.conname
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     left join pg_constraint k on k.conrelid = a.attrelid and k.contype = 'p' and a.attnum = any (k.conkey)
     where a.attrelid = 'drizzle.__drizzle_migrations'::regclass and a.attnum > 0 order by 1`,
  );

describe("drizzle-orm's own migrator and Lockkeeper take turns", () => {
  test("the table is the one that upstream creates", async () => {
    await using theirs = await database();
    await using ours = await database();
    await using made = await journal(first);
    await migrate(drizzle(await theirs.connect()), { migrationsFolder: made.dir });
    await open(made.from).ensure(await ours.connect());
    expect(await columns(ours)).toEqual(await columns(theirs));
  });

  test("after ours upstream finds nothing to do, and after upstream's we don't", async () => {
    await using db = await database();
    const client = await db.connect();
    await using one = await journal(first);
    await using two = await journal(both);

    expect(await applyOurs(client, one.from, both)).toEqual(["0000_a", "0001_b"]);
    await migrate(drizzle(client), { migrationsFolder: one.dir });
    expect(await open(one.from).read(client)).toHaveLength(2);

    await migrate(drizzle(client), { migrationsFolder: two.dir });
    const plan = await planOf(client, two.from);
    expect(plan.applied).toEqual(two.from.migrations);
    expect(plan.obstacles).toEqual([]);
    expect(await applyOurs(client, two.from, both)).toEqual([]);
  });

  test("what upstream began we go on with, and back", async () => {
    await using db = await database();
    const client = await db.connect();
    await using one = await journal(first);
    await using two = await journal(both);
    await using three = await journal({ ...both, "0005_d": "create table d (id int)" });

    await migrate(drizzle(client), { migrationsFolder: one.dir });
    expect(await applyOurs(client, two.from, both)).toEqual(["0002_c", "0003_empty", "0004_also_empty"]);
    await migrate(drizzle(client), { migrationsFolder: three.dir });
    expect((await planOf(client, three.from)).applied).toEqual(three.from.migrations);
  });

  test("what we call out of order is what upstream skips", async () => {
    await using db = await database();
    const client = await db.connect();
    await using late = await journal({ "0000_late": "create table late (id int)", ...both });
    const older = source([entry("0000_a", 1_700_000_000_124, { checksum: checksum(first["0000_a"]) })], "drizzle");
    await applyOurs(client, older, first);
    const plan = await planOf(client, late.from);
    expect(plan.outOfOrder.map(({ name }) => name)).toEqual(["0000_late"]);
    await migrate(drizzle(client), { migrationsFolder: late.dir });
    expect(await db.query("select to_regclass('late')::text as late, to_regclass('b')::text as b")).toEqual([
      { late: null, b: "b" },
    ]);
  });
});

describe("rows", () => {
  test("two entries of one time are both claimed, once each, and forgotten one by one", async () => {
    await using db = await database();
    const client = await db.connect();
    const [a, b] = [entry("0000_a", 100), entry("0001_b", 100)];
    const [empty, also] = [entry("0002_e", 200, { checksum: "e" }), entry("0003_e", 200, { checksum: "e" })];
    const from = source([a, b, empty, also], "drizzle");
    const history = open(from);
    await history.ensure(client);
    for (const one of from.migrations) {
      await run(client, history.claim(one, RUN));
      await expect(run(client, history.claim(one, RUN))).rejects.toMatchObject({ code: "23505" });
    }
    expect((await planOf(client, from)).applied).toEqual(from.migrations);
    await run(client, history.forget(also));
    expect((await planOf(client, from)).pending).toEqual([also]);
    await run(client, history.forget(a));
    expect((await planOf(client, from)).pending).toEqual([a, also]);
    await run(client, history.claim(a, RUN));
    expect((await planOf(client, from)).pending).toEqual([also]);
  });

  test("a row that racing migrators wrote twice is forgotten whole", async () => {
    await using db = await database();
    const client = await db.connect();
    const a = entry("0000_a", 100);
    const from = source([a], "drizzle");
    await open(from).ensure(client);
    await client.query("insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, 100), ($1, 100)", [
      a.checksum,
    ]);
    await run(client, open(from).forget(a));
    expect(await open(from).read(client)).toEqual([]);
  });

  test("a row without a time or of nothing known is told as what it is", async () => {
    await using db = await database();
    const client = await db.connect();
    const from = source([entry("0000_a", 100), entry("0001_b", 200)], "drizzle");
    await open(from).ensure(client);
    await client.query("insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', null), ('y', 150)");
    await run(client, open(from).claim(entry("0000_a", 100), RUN));
    const plan = await planOf(client, from);
    expect(plan.missing.map(({ name }) => name)).toEqual(["drizzle entry without a time", "drizzle entry 150"]);
  });
});

describe("drizzle 1.0", () => {
  const names = ["20231114221320_a", "20231114221321_b", "20231114221322_c"] as const;
  const folders = source(
    names.map((name) => folder(name)),
    "drizzle",
  );
  const [a, b, c] = folders.migrations as [Source["migrations"][0], Source["migrations"][0], Source["migrations"][0]];

  test("rows have names and the time of application, as upstream writes them", async () => {
    await using db = await database();
    const client = await db.connect();
    await open(folders).ensure(client);
    await run(client, open(folders).claim(a, RUN));
    expect(await db.query("select name, created_at, hash from drizzle.__drizzle_migrations")).toEqual([
      { name: a.name, created_at: String(a.when), hash: a.checksum },
    ]);
    const [row] = await open(folders).read(client);
    expect(Date.parse(row?.appliedAt ?? "")).toBeGreaterThan(Date.UTC(2025));
  });

  test("rows of 0.x, with milliseconds, are matched before and after upstream upgraded the table", async () => {
    await using db = await database();
    const client = await db.connect();
    const old = source(
      [a, b].map((one, i) => entry(`000${i}_old`, Number(one.when) + 456, { checksum: one.checksum })),
      "drizzle",
    );
    await open(old).ensure(client);
    for (const one of old.migrations) await run(client, open(old).claim(one, RUN));
    expect(await planOf(client, folders)).toMatchObject({ applied: [a, b], pending: [c], obstacles: [] });
    await run(client, open(folders).claim(c, RUN));
    await expect(run(client, open(folders).claim(b, RUN))).rejects.toMatchObject({ code: "23505" });
    expect(await planOf(client, folders)).toMatchObject({ applied: [a, b, c], pending: [], obstacles: [] });

    // What drizzle-orm 1.0 does to the table (`up-migrations/pg`).
    await client.query(`alter table drizzle.__drizzle_migrations add column if not exists name text,
      add column if not exists applied_at timestamp with time zone default now()`);
    for (const [i, one] of folders.migrations.entries()) {
      const update = "update drizzle.__drizzle_migrations set name = $1, applied_at = null where id = $2";
      await client.query(update, [one.name, i + 1]);
    }
    expect(await planOf(client, folders)).toMatchObject({ applied: [a, b, c], pending: [], obstacles: [] });
    // The release before, with its journal, finds its own rows, and the folder's as ahead.
    expect(await planOf(client, old)).toMatchObject({
      applied: old.migrations,
      ahead: [{ name: c.name }],
      version: c.name,
      obstacles: [],
    });
    await run(client, open(folders).forget(b));
    expect((await planOf(client, folders)).pending).toEqual([b]);
  });

  test("a folder that was renamed is a hole and a pending migration, as for upstream, whatever its time", async () => {
    await using db = await database();
    const client = await db.connect();
    await open(folders).ensure(client);
    for (const one of folders.migrations) await run(client, open(folders).claim(one, RUN));
    const renamed = source([a, folder("20231114221321_renamed", { checksum: b.checksum }), c], "drizzle");
    const plan = await planOf(client, renamed);
    expect(plan.missing.map(({ name }) => name)).toEqual([b.name]);
    expect(plan.pending.map(({ name }) => name)).toEqual(["20231114221321_renamed"]);
  });
});

test("a table whose columns have other types is refused, with column, found and wanted type", async () => {
  await using db = await database();
  const from = source([entry("0000_a", 100)], "drizzle");
  const client = await db.connect();
  await client.query("create schema drizzle");
  const cases = [
    ["id serial, hash varchar(64), created_at bigint", 'column "hash" is of type varchar, wanted is text'],
    ["id serial, hash text, created_at timestamptz", 'column "created_at" is of type timestamptz, wanted is int8'],
    ["id serial, hash text", 'no column "created_at" of type int8'],
    ["id serial, hash text, created_at bigint, name int", 'column "name" is of type int4, wanted is text'],
  ] as const;
  for (const [definition, what] of cases) {
    await client.query(`create table drizzle.__drizzle_migrations (${definition})`);
    await expect(open(from).ensure(client)).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: expect.stringContaining(what) as string,
    });
    await client.query("drop table drizzle.__drizzle_migrations");
  }
});

test("a role that may write the table, but not take a number for its row, is told the GRANT", async () => {
  await using db = await database();
  const from = source([entry("0000_a", 100)], "drizzle");
  await open(from).ensure(await db.connect());
  const grants = ["usage on schema drizzle", "select, insert on drizzle.__drizzle_migrations"];
  const role = await db.role("app", { grants });
  const client = drizzle(role.url).$client;
  await expect(open(from).ensure(client)).rejects.toMatchObject({
    code: "PERMISSION",
    details: {
      hint: `Run: grant usage on sequence drizzle.__drizzle_migrations_id_seq to "${role.name}"`,
    },
  });
  await client.end();
});
