import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { largeMigration, migrations } from "../bench/runner/migrations.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { bundle } from "./bundled.ts";
import type { Bundled } from "./bundled.ts";
import { folder } from "./cli-process.ts";

const MB = 1_000_000;

let bundled: Bundled;
beforeAll(async () => {
  bundled = await bundle();
}, 120_000);
afterAll(async () => await bundled[Symbol.asyncDispose]());

/** The resident peak of the bundled command, in bytes, as the kernel keeps it. It's read until there is no process. */
async function peakOf(db: TestDatabase, dir: string, exitCode = 0): Promise<number> {
  const args = [bundled.program, "migrate", "--dir", dir];
  const env = { PATH: process.env.PATH ?? "", DATABASE_URL: db.url };
  const child = spawn(process.execPath, args, { env, stdio: "ignore" });
  const exit = once(child, "exit");
  let kilobytes = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    kilobytes = Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? kilobytes);
    await sleep(5);
  }
  expect(await exit).toEqual([exitCode, null]);
  return kilobytes * 1_024;
}

test("5,000 migrations take at most 100 MB", { timeout: 240_000 }, async () => {
  await using db = await database();
  const files = migrations(5_000).map(({ name, sql }) => [`${name}.sql`, `${sql};\n`]);
  await using source = await folder(Object.fromEntries(files) as Record<string, string>);
  const peak = await peakOf(db, source.dir);
  expect(await db.query("select count(*)::int as applied from lockkeeper.migration_history")).toEqual([
    { applied: 5_000 },
  ]);
  expect(peak / MB).toBeLessThanOrEqual(100);
  // It was measured at all: an empty Node.js takes more than that.
  expect(peak / MB).toBeGreaterThan(30);
});

test("a migration of 50 MB takes at most 1.5 times its size on top", { timeout: 240_000 }, async () => {
  await using db = await database();
  await using small = await folder({ "0001_small.sql": "create table small (id int);" });
  const without = await peakOf(db, small.dir);
  await using other = await database();
  await using large = await folder({});
  const file = await open(join(large.dir, "0001_large.sql"), "w");
  let bytes = 0;
  for (const part of largeMigration(50 * MB)) bytes += (await file.write(part)).bytesWritten;
  await file.close();
  const peak = await peakOf(other, large.dir);
  expect(await other.query("select count(*)::int > 40000 as filled from articles")).toEqual([{ filled: true }]);
  expect((peak - without) / bytes).toBeLessThanOrEqual(1.5);
  // The file itself is in memory while it's sent.
  expect((peak - without) / bytes).toBeGreaterThan(0.5);
});

test("finding the line of an error takes no more than a few migrations", async () => {
  await using db = await database();
  await using source = await folder({ "0001_a.sql": "select 1;\ncreate table a as select pg_sleep(0);" });
  const peak = await peakOf(db, source.dir, 11);
  expect(peak / MB).toBeLessThanOrEqual(100);
});
