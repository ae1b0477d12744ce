import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { EXIT } from "../../../contract/exit-code.ts";
import { folder } from "../cli-process.ts";
import { entry } from "./folders.ts";
import { gatedDatabase, WAIT } from "./gate.ts";
import { backendThat, IS, leftovers, migrated, NOTHING_LEFT, runLog, startRun } from "./runs.ts";

const NAMES = ["1", "2", "3", "4", "5", "6", "7", "8"];

/** Small files, which share one message, with something of its own in the third. */
const batch = (third: string): Record<string, string> =>
  Object.fromEntries(NAMES.map((name) => [`${name}.sql`, `${entry(name)};\n${name === "3" ? third : ""}`]));

const once = (names: string[]): Record<string, number> => Object.fromEntries(names.map((name) => [name, 1]));

test.each([
  ["a syntax error, at which the server runs nothing of the message", "selec 1;", "42601"],
  ["a name that doesn't exist", "select missing;", "42703"],
  ["an error without a position", "select 1;\nselect 1 / 0;", "22012"],
])(
  "a batch with %s applies what is before it, names file and line, and nothing after it",
  async (_, third, sqlstate) => {
    await using db = await gatedDatabase();
    await using source = await folder(batch(third));
    const { code, finished, stdout } = await migrated(db.url, source.dir);
    expect({ code, ...finished }).toMatchObject({
      code: EXIT.failedMigration,
      status: "FAILED",
      applied: ["1", "2"],
      pending: NAMES.slice(2),
      error: { code: sqlstate, migration: "3" },
    });
    const line = 1 + third.split("\n").length;
    expect(stdout).toContain(`${join(source.dir, "3.sql")}:${line}`);
    expect(await db.journal()).toEqual(once(["1", "2"]));
    expect(await leftovers(db)).toEqual(NOTHING_LEFT);

    await using repaired = await folder(batch(""));
    expect(await migrated(db.url, repaired.dir)).toMatchObject({ code: EXIT.done });
    expect(await db.journal()).toEqual(once(NAMES));
  },
);

test("a batch whose client is killed stops at one of the next migrations, and the next run completes it", async () => {
  await using db = await gatedDatabase();
  await using source = await folder(batch(WAIT));
  const run = startRun(db.url, source.dir);
  const pid = await backendThat(db, run, IS.atGate);
  run.child.kill("SIGKILL");
  await run.ended;
  await db.open();
  while ((await db.query("select from pg_stat_activity where pid = $1", [pid])).length > 0) await sleep(50);
  // The third was under way. What comes next is told at once: the second of these messages finds that nobody listens.
  const left = Object.keys(await db.journal());
  expect(left.length).toBeLessThan(NAMES.length);
  expect(left).toEqual(NAMES.slice(0, left.length));

  expect(await migrated(db.url, source.dir)).toMatchObject({ code: EXIT.done });
  expect(await db.journal()).toEqual(once(NAMES));
  expect(await leftovers(db)).toEqual(NOTHING_LEFT);
  expect(await runLog(db)).toMatchObject([
    { status: "FAILED", error_code: "ORPHANED" },
    { status: "SUCCESS", error_code: null },
  ]);
});

test("a batch whose middle waits too long for a lock goes on when the blocker has ended", async () => {
  await using db = await gatedDatabase();
  await db.query("create table users (id int)");
  await using source = await folder(batch("alter table users add column name text;"));
  const old = await db.connect("old-transaction");
  await old.query("begin; select from users");
  const run = startRun(db.url, source.dir, ["--lock-timeout", "200ms", "--lock-retries", "1000"]);
  expect(await run.event("retrying")).toMatchObject({ migration: "3", code: "55P03" });
  expect(await db.journal()).toEqual(once(["1", "2"]));
  await old.query("commit");
  const { code, finished } = await run.end();
  expect({ code, ...finished }).toMatchObject({ code: EXIT.done, status: "SUCCESS", applied: NAMES });
  expect(await db.journal()).toEqual(once(NAMES));
});
