import { expect, test } from "vitest";
import { folderWith } from "../../job/source/folder-fixture.ts";
import { database } from "../postgres/database.ts";
import { failureOf, history, runDown, runFiles, runFolder, tables } from "./run.ts";

const up = (body: string): string => `export async function up({ client, signal }) {\n${body}\n}\n`;

test("modules in .js, .mjs and .ts are applied and reverted, with parameters and results", async () => {
  await using db = await database();
  await using folder = await folderWith({
    "package.json": '{ "type": "module" }',
    "0001_users.js":
      up(`await client.query("create table users (id int, name text)");`) +
      `export async function down({ client }) { await client.query("drop table users"); }`,
    "0002_rows.mjs":
      up(`for (const id of [1, 2]) await client.query("insert into users values ($1, $2)", [id, "it's " + id]);
        const { rows } = await client.query("select count(*)::int as n from users");
        await client.query("create table counted (n int)");
        await client.query("insert into counted values ($1)", [rows[0].n]);`) +
      `export const down = async ({ client }) => { await client.query("drop table counted"); await client.query("delete from users"); };`,
    "0003_typed.ts": `type Given = { client: { query(text: string): Promise<unknown> }; signal: AbortSignal };
      export async function up({ client, signal }: Given): Promise<void> { if (!signal.aborted) await client.query("create table typed ()"); }
      export async function down({ client }: Given): Promise<void> { await client.query("drop table typed"); }`,
  });
  const ran = await runFolder(db, folder.dir);
  expect(failureOf(ran)).toBeNull();
  expect(ran.applied).toEqual(["0001_users", "0002_rows", "0003_typed"]);
  expect(await db.query("select n, array(select name from users order by id) as names from counted")).toEqual([
    { n: 2, names: ["it's 1", "it's 2"] },
  ]);
  const reverted = await runDown(db, folder.dir, "0001_users");
  expect(failureOf(reverted)).toBeNull();
  expect(reverted.applied).toEqual(["0003_typed", "0002_rows"]);
  expect(await tables(db)).toEqual(["users"]);
  expect(await history(db)).toEqual(["0001_users"]);
});

test.each([
  ["throws", `throw new Error("out of cheese");`, "MODULE", "threw out of cheese"],
  ["rejects with a string", `return Promise.reject("plain");`, "MODULE", "threw plain"],
  ["rejects with nothing", `return Promise.reject();`, "MODULE", "threw something empty was thrown"],
  ["sends a wrong statement", `await client.query("select nope");`, "42703", 'column "nope" does not exist'],
  [
    "wraps the driver's error",
    `try { await client.query("select nope"); } catch (cause) { throw new Error("the ORM failed", { cause }); }`,
    "42703",
    'column "nope" does not exist',
  ],
  ["runs COMMIT", `await client.query("COMMIT");`, "MODULE", 'may not run "COMMIT"'],
  ["runs begin", `await client.query("  begin");`, "MODULE", 'may not run "begin"'],
  ["rolls back behind a comment", `await client.query("-- x\\nROLLBACK");`, "MODULE", "the transaction"],
  [
    "leaves a failed query that it didn't await",
    `client.query("select nope").catch(() => undefined);`,
    "MODULE",
    "left a failed transaction behind",
  ],
  [
    "swallows an error",
    `await client.query("select nope").catch(() => undefined);`,
    "MODULE",
    "left a failed transaction behind",
  ],
])("a module that %s fails its run, and leaves no table and no history row", async (_, body, code, message) => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_good.mjs": up(`await client.query("create table good ()");`),
    "0002_bad.mjs": up(`await client.query("create table bad ()");\n${body}`),
    "0003_after.mjs": up(`await client.query("create table after ()");`),
  });
  expect(failureOf(ran)).toMatchObject({ code, exitCode: 11, migration: "0002_bad", file: "0002_bad.mjs" });
  expect(ran.failure?.message).toContain(message);
  expect(ran.applied).toEqual(["0001_good"]);
  expect(await history(db)).toEqual(["0001_good"]);
  expect(await tables(db)).toEqual(["good"]);
});

test.each([
  ["behind a comment", `await client.query("/* */ COMMIT");`],
  ["and opens another", `await client.query("select 1; COMMIT; BEGIN");`],
  ["and then throws", `await client.query("/* */ COMMIT"); throw new Error("later");`],
])(
  "a module that commits the transaction itself, %s, fails its run, which tells that its history row is kept",
  async (_, body) => {
    await using db = await database();
    await using folder = await folderWith({
      "0001_bad.mjs": up(`await client.query("create table kept ()");\n${body}`),
    });
    const ran = await runFolder(db, folder.dir);
    expect(failureOf(ran)).toMatchObject({ code: "MODULE", exitCode: 11, migration: "0001_bad", file: "0001_bad.mjs" });
    expect(ran.failure?.message).toContain("so is what the history says of it");
    expect(ran).toMatchObject({ status: "FAILED", appliedTotal: 1, pending: [] });
    expect(await history(db)).toEqual(["0001_bad"]);
  },
);

test("a savepoint of the module's own may be rolled back to", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_save.mjs": up(`await client.query("create table kept ()");
      await client.query("savepoint s");
      await client.query("select nope").catch(() => undefined);
      await client.query("rollback to savepoint s");`),
  });
  expect(failureOf(ran)).toBeNull();
  expect(await tables(db)).toEqual(["kept"]);
});

test.each([
  ["as it is", `await client.query("alter table busy add column a int");`],
  [
    "wrapped by an ORM",
    `try { await client.query("alter table busy add column a int"); } catch (cause) { throw new Error("the ORM failed", { cause }); }`,
  ],
])("a lock timeout %s is tried again, and is a lock timeout when the tries are used up", async (_, body) => {
  await using db = await database();
  await db.query("create table busy (id int)");
  const blocker = await db.connect("reporting");
  await blocker.query("begin; lock table busy in access share mode");
  await using folder = await folderWith({ "0001_alter.mjs": up(body) });
  const ran = await runFolder(db, folder.dir, { lock: { timeoutMs: 100, retries: 1 } });
  expect(ran).toMatchObject({ status: "LOCK_TIMEOUT", exitCode: 10 });
  expect(ran.failure?.code).toBe("55P03");
  expect(ran.events.filter(({ type }) => type === "retrying")).toHaveLength(1);
  expect(ran.blockers).toMatchObject([{ application: "reporting", relation: "public.busy" }]);
  await blocker.query("rollback");
  expect(failureOf(await runFolder(db, folder.dir))).toBeNull();
});

test("a module that changed after it was listed isn't run", async () => {
  await using db = await database();
  await using folder = await folderWith({});
  const second = `${folder.dir}/0002_second.mjs`;
  await folder.write({
    "0001_first.mjs":
      `import { writeFile } from "node:fs/promises";\n` +
      up(`await writeFile(${JSON.stringify(second)}, "export async function up() {}");`),
    "0002_second.mjs": up(`await client.query("create table second ()");`),
  });
  const ran = await runFolder(db, folder.dir);
  expect(failureOf(ran)).toMatchObject({ code: "INVALID_SOURCE", file: "0002_second.mjs", exitCode: 13 });
  expect(ran.failure?.message).toContain("changed while Lockkeeper ran");
  expect(ran.applied).toEqual(["0001_first"]);
  expect(await history(db)).toEqual(["0001_first"]);
});

test("a module that can't be loaded fails with its line when its turn comes", async () => {
  await using db = await database();
  const ran = await runFiles(db, {
    "0001_good.mjs": up(`await client.query("create table good ()");`),
    "0002_bad.mjs": "export async function up() {}\nthrow new Error('at the top');\n",
  });
  expect(failureOf(ran)).toMatchObject({ code: "INVALID_SOURCE", file: "0002_bad.mjs", line: 2 });
  expect(await tables(db)).toEqual(["good"]);
});
