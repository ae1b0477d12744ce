// umzug with SQL files the obvious way: a transaction by hand, and a storage that umzug calls after each migration.
import { readFile } from "node:fs/promises";
import { Client } from "pg";
import { Umzug } from "umzug";

const client = new Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
await client.query(
  "create table if not exists bench_history (name text primary key, applied_at timestamptz not null default now())",
);
const umzug = new Umzug({
  migrations: {
    glob: ["*.sql", { cwd: process.argv[2] }],
    resolve: ({ name, path }) => ({
      name,
      up: async () => {
        const sql = await readFile(path, "utf8");
        await client.query("begin");
        try {
          await client.query(sql);
          await client.query("commit");
        } catch (error) {
          await client.query("rollback");
          throw error;
        }
      },
    }),
  },
  storage: {
    executed: async () =>
      (await client.query("select name from bench_history order by name")).rows.map((row) => row.name),
    logMigration: async ({ name }) => {
      await client.query("insert into bench_history (name) values ($1)", [name]);
    },
    unlogMigration: async ({ name }) => {
      await client.query("delete from bench_history where name = $1", [name]);
    },
  },
  logger: undefined,
});
await umzug.up();
await client.end();
