import { spawn } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { database } from "./database.ts";
import { startServer } from "./server.ts";

test("a server stops, starts again on its port and data, and survives a power cut", async () => {
  await using server = await startServer({ version: inject("postgresVersion"), settings: { work_mem: "5MB" } });
  await using db = await database({ server });
  expect(await db.query("show work_mem")).toEqual([{ work_mem: "5MB" }]);
  await db.query("create table kept (id int)");

  await server.stop();
  await expect(db.query("select from kept")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await server.start();
  expect(await db.query("select from kept")).toEqual([]);

  const session = await db.connect();
  const statement = session.query("insert into kept select 1 from pg_sleep(600)").catch((error: unknown) => error);
  await server.kill();
  expect(await statement).toBeInstanceOf(Error);
  await server.start();
  expect(await db.query("select from kept")).toEqual([]);
});

test("a server ends, with its files, when the process that started it is killed", async () => {
  const script = `
    import { startServer } from ${JSON.stringify(new URL("server.ts", import.meta.url).href)};
    const server = await startServer({ version: ${inject("postgresVersion")} });
    console.log(JSON.stringify(server));
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(owner.stdout), "line")) as [string];
  const server = JSON.parse(line) as { url: string; socketDir: string };
  const client = new pg.Client({ connectionString: server.url });
  client.on("error", () => {});
  await client.connect();

  owner.kill("SIGKILL");
  while (await exists(server.socketDir)) await sleep(50);
  await expect(new pg.Client({ connectionString: server.url }).connect()).rejects.toMatchObject({
    code: "ECONNREFUSED",
  });
});

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
