import { execFile } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { database } from "../../postgres/database.ts";
import { startServer } from "../../postgres/server.ts";
import { folder } from "../cli-process.ts";
import { migrated } from "./runs.ts";

const execute = promisify(execFile);
const FILES = { "1.sql": "create table users (id int)" };

test("a read-only default is refused, with what to do about it, and nothing is touched", async () => {
  await using db = await database();
  await db.query(`alter database ${db.name} set default_transaction_read_only = on`);
  await using source = await folder(FILES);
  const { code, finished } = await migrated(db.url, source.dir);
  expect({ code, ...finished }).toMatchObject({
    code: EXIT.unreachable,
    status: "FAILED",
    error: { code: "READ_ONLY", message: expect.stringMatching(/default_transaction_read_only is on.*turn it off/) },
  });
  expect(await db.query("select from pg_namespace where nspname = 'lockkeeper'")).toEqual([]);
});

test("a standby that follows a primary is refused; the primary's own address works", async () => {
  const version = inject("postgresVersion");
  await using primary = await startServer({ version });
  await using standby = await startServer({ version });
  await using db = await database({ server: primary });
  // A base backup of a server that is stopped is a copy of its files.
  await primary.stop();
  await standby.stop();
  await rm(standby.dataDir, { recursive: true });
  await execute("cp", ["-a", primary.dataDir, standby.dataDir]);
  await primary.start();
  await writeFile(join(standby.dataDir, "standby.signal"), "");
  await writeFile(join(standby.dataDir, "postgresql.auto.conf"), `primary_conninfo = '${primary.url}'\n`);
  await standby.start();

  await using source = await folder(FILES);
  const url = new URL(db.url);
  url.port = String(standby.port);
  const refused = await migrated(url.href, source.dir);
  expect({ code: refused.code, ...refused.finished }).toMatchObject({
    code: EXIT.unreachable,
    status: "FAILED",
    error: { code: "READ_ONLY", message: expect.stringMatching(/is a standby.*primary/) },
  });
  expect(await migrated(db.url, source.dir)).toMatchObject({ code: EXIT.done });
});
