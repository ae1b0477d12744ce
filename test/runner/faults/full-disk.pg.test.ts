import { execFile } from "node:child_process";
import { chown, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { startServer } from "../../postgres/server.ts";
import { folder } from "../cli-process.ts";
import { entry } from "./folders.ts";
import { gatedDatabase } from "./gate.ts";
import { leftovers, migrated, NOTHING_LEFT, runLog } from "./runs.ts";

const execute = promisify(execFile);

type FileSystem = { dir: string; grow(): Promise<void> } & AsyncDisposable;

/** A file system of 4 MB, for the user that `like` belongs to. Only root can mount one. */
async function smallFileSystem(like: string): Promise<FileSystem> {
  const dir = await mkdtemp(join(tmpdir(), "lockkeeper-full-"));
  await execute("mount", ["-t", "tmpfs", "-o", "size=4m,mode=700", "lockkeeper-test", dir]);
  const { uid, gid } = await stat(like);
  await chown(dir, uid, gid);
  return {
    dir,
    grow: async () => void (await execute("mount", ["-o", "remount,size=64m", dir])),
    async [Symbol.asyncDispose]() {
      await execute("umount", ["-l", dir]);
      await rm(dir, { recursive: true });
    },
  };
}

test.runIf(process.getuid?.() === 0)(
  "a full file system fails with 53100, keeps nothing of that migration, and with room made the next run succeeds",
  async () => {
    await using server = await startServer({ version: inject("postgresVersion") });
    await using small = await smallFileSystem(server.dataDir);
    await using db = await gatedDatabase({ server });
    await db.query(`create tablespace small location '${small.dir}'`);
    await using source = await folder({
      "1.sql": `create table notes (text text) tablespace small; ${entry("1")}`,
      "2.sql": `${entry("2")};\ninsert into notes select repeat('x', 1000) from generate_series(1, 10000);`,
      "3.sql": entry("3"),
    });
    const failed = await migrated(db.url, source.dir);
    expect({ code: failed.code, ...failed.finished }).toMatchObject({
      code: EXIT.failedMigration,
      status: "FAILED",
      applied: ["1"],
      pending: ["2", "3"],
      error: { code: "53100", migration: "2", message: expect.stringContaining("No space left on device") },
    });
    expect(await db.journal()).toEqual({ "1": 1 });
    expect(await db.query("select from notes")).toEqual([]);
    expect(await leftovers(db)).toEqual(NOTHING_LEFT);

    await small.grow();
    expect(await migrated(db.url, source.dir)).toMatchObject({ code: EXIT.done, finished: { applied: ["2", "3"] } });
    expect(await db.journal()).toEqual({ "1": 1, "2": 1, "3": 1 });
    expect(await runLog(db)).toMatchObject([
      { status: "FAILED", error_code: "53100" },
      { status: "SUCCESS", error_code: null },
    ]);
  },
);
