import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import pg from "pg";
import { expect, test } from "vitest";
import { database } from "./database.ts";
import { startPgBouncer } from "./pgbouncer.ts";

const connects = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  const open = await client.connect().then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject({ code: "ECONNREFUSED" });
      return false;
    },
  );
  if (open) await client.end();
  return open;
};

test("a pooler ends when it's disposed, whatever its clients do", async () => {
  await using db = await database();
  let url = "";
  {
    await using bouncer = await startPgBouncer(db, { mode: "transaction" });
    url = bouncer.url;
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    await client.connect();
    await client.query("begin");
  }
  expect(await connects(url)).toBe(false);
});

test("a pooler ends when the process that started it is killed, whatever its clients do", async () => {
  await using db = await database();
  const script = `
    import { startPgBouncer } from ${JSON.stringify(new URL("pgbouncer.ts", import.meta.url).href)};
    const { url } = await startPgBouncer(${JSON.stringify({ url: db.url })}, { mode: "transaction" });
    console.log(url);
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [url] = (await once(createInterface(owner.stdout), "line")) as [string];
  const client = new pg.Client({ connectionString: url });
  const ended = new Promise<void>((resolve) => client.on("end", () => resolve()));
  client.on("error", () => {});
  await client.connect();
  await client.query("begin");
  owner.kill("SIGKILL");
  await ended;
  await expect.poll(async () => await connects(url), { timeout: 30_000 }).toBe(false);
});
