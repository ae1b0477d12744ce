import { expect, test } from "vitest";
import { database } from "../../test/postgres/database.ts";
import { makePlan } from "../plan.ts";
import { migration, source } from "./example.ts";
import { openHistory } from "./open.ts";

const RUN = "01930000-0000-7000-8000-000000000001";
const from = source([migration("0001_a"), migration("0002_b")]);
const history = openHistory({ format: "auto", table: { schema: "public", table: "history" } }, from);

test("a row tells run, time and checksum", async () => {
  await using db = await database();
  const client = await db.connect();
  await client.query("set timezone = 'Asia/Kolkata'; set datestyle = 'German'");
  await history.ensure(client);
  await client.query(`do $$ begin ${history.claim(migration("0001_a"), RUN)} end $$`);
  const [row] = await history.read(client);
  expect(row).toMatchObject({ name: "0001_a", checksum: migration("0001_a").checksum, when: null, runId: RUN });
  expect(row?.appliedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  const [now] = await db.query<{ close: boolean }>(
    "select abs(extract(epoch from now() - $1::timestamptz)) < 60 as close",
    [row?.appliedAt],
  );
  expect(now?.close).toBe(true);
});

test("rows are read in the order of their application", async () => {
  await using db = await database();
  const client = await db.connect();
  await history.ensure(client);
  for (const name of ["0002_b", "0001_a"]) {
    await client.query(`do $$ begin ${history.claim(migration(name), RUN)} end $$`);
  }
  const rows = await history.read(client);
  expect(rows.map(({ name }) => name)).toEqual(["0002_b", "0001_a"]);
  const plan = makePlan(from, history.match(from, rows), { to: null, allowDrift: false, allowOutOfOrder: false });
  expect(plan.version).toBe("0002_b");
});

test.each([
  [
    "name int primary key, checksum text, run_id uuid, applied_at timestamptz",
    '"name" is of type int4, wanted is text',
  ],
  ["name text primary key, checksum bytea, run_id uuid, applied_at timestamptz", '"checksum" is of type bytea'],
  ["name text primary key, checksum text, run_id text, applied_at timestamptz", '"run_id" is of type text'],
  ["name text primary key, checksum text, run_id uuid, applied_at timestamp", '"applied_at" is of type timestamp,'],
  ["name text primary key, checksum text, run_id uuid", 'no column "applied_at" of type timestamptz'],
  ["name text, checksum text, run_id uuid, applied_at timestamptz", 'nothing keeps its column "name" unique'],
  [
    "name text unique deferrable, checksum text, run_id uuid, applied_at timestamptz",
    'nothing keeps its column "name" unique',
  ],
])("a table (%s) is refused: %s", async (definition, what) => {
  await using db = await database();
  await db.query(`create table public.history (${definition})`);
  await expect(history.ensure(await db.connect())).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining(what) as string,
  });
});

test("a type of another schema that has the same name is told with its schema", async () => {
  await using db = await database();
  await db.query(`create schema other; create domain other.uuid as pg_catalog.uuid;
    create table public.history (name text primary key, checksum text, run_id other.uuid, applied_at timestamptz)`);
  await expect(history.ensure(await db.connect())).rejects.toThrow(
    'its column "run_id" is of type other.uuid, wanted is uuid',
  );
});

test("a table of the same columns in another order, without the default and with one more, is used", async () => {
  await using db = await database();
  const client = await db.connect();
  await client.query(`create table public.history
    (applied_at timestamptz not null, checksum text, run_id uuid, note text, name text not null unique)`);
  await history.ensure(client);
  await client.query(`do $$ begin ${history.claim(migration("0001_a"), RUN)} end $$`);
  expect(await history.read(client)).toMatchObject([{ name: "0001_a" }]);
});
