/** The log of the real runner, read as the operator reads it: a change of its format makes these fail. */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { begin, fold } from "../../operator/progress/fold.ts";
import { parseLine } from "../../operator/progress/parse.ts";
import type { Progress } from "../../operator/progress/progress.ts";
import { progressSentence } from "../../operator/progress/sentence.ts";
import { database } from "../postgres/database.ts";
import { folder, startCommand } from "../runner/cli-process.ts";

type Told = { event: string; progress: Progress; reason: string; message: string };

/** Runs the command as a Job does, and gives what each line of its log tells; `onTold` may act on it. */
async function told(
  argv: string[],
  url: string,
  onTold: (told: Told) => Promise<void> = async () => {},
): Promise<{ all: Told[]; code: number | null }> {
  const runId = randomUUID();
  const { child, ended } = startCommand(["migrate", ...argv, "--run-id", runId], { DATABASE_URL: url });
  const all: Told[] = [];
  let progress = begin(runId);
  if (child.stdout === null) throw new Error("the command has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const event = parseLine(line, runId);
    if (event === null) continue;
    const now = Date.now();
    progress = fold(progress, event, now);
    const next = { event: event.event, progress, ...progressSentence(progress, now) };
    all.push(next);
    await onTold(next);
  }
  return { all, code: (await ended).code };
}

const events = (all: Told[]): string[] => all.map(({ event }) => event);

test("a run tells each migration, and that it has ended", async () => {
  await using db = await database();
  await using source = await folder({ "0001_users.sql": "create table users (id int)", "0002_sets.sql": "select 1" });
  const { all, code } = await told(["--dir", source.dir], db.url);
  expect(code).toBe(0);
  expect(events(all)).toEqual(["connected", "locked", "migrating", "migrated", "migrating", "migrated", "finished"]);
  expect(all.map(({ message }) => message).slice(2, 5)).toEqual([
    "1 of 2: 0001_users",
    "1 of 2: 0001_users",
    "2 of 2: 0002_sets",
  ]);
});

test("a migration that is blocked tells by whom, and goes on when that ends", async () => {
  await using db = await database();
  await db.query("create table workouts (id int)");
  await using source = await folder({ "0001_alter.sql": "alter table workouts add column note text" });
  const web = await db.connect("web");
  await web.query("begin; select from workouts");
  const { rows } = await web.query<{ pid: number }>("select pg_backend_pid() as pid");
  const argv = ["--dir", source.dir, "--lock-timeout", "1s", "--lock-retries", "20"];
  const { all, code } = await told(argv, db.url, async ({ event }) => {
    if (event === "retrying") await web.query("rollback");
  });
  expect(code).toBe(0);
  const by = String.raw`blocked by pid ${rows[0]?.pid} \(web, idle in transaction for [^)]+\)`;
  const sentence = ({ reason, message }: Told) => `${reason}: ${message}`;
  expect(all.filter(({ event }) => event === "blocked").map(sentence)[0]).toMatch(
    new RegExp(String.raw`^WaitingForLock: 1 of 1: 0001_alter; waiting 1 s for public\.workouts, ${by}$`),
  );
  expect(all.filter(({ event }) => event === "retrying").map(sentence)[0]).toMatch(
    new RegExp(String.raw`^WaitingForLock: 1 of 1: 0001_alter; try 2 of 21 in 1 s: ${by}$`),
  );
  expect(all.at(-1)).toMatchObject({ event: "finished", progress: { waiting: null }, reason: "Running" });
});

test("a run that waits for another runner tells which", async () => {
  await using db = await database();
  await db.query("create table workouts (id int)");
  await using source = await folder({ "0001_alter.sql": "alter table workouts add column note text" });
  const web = await db.connect("web");
  await web.query("begin; select from workouts");
  let second: ReturnType<typeof told> | null = null;
  await told(["--dir", source.dir], db.url, async ({ event }) => {
    if (event !== "blocked" || second !== null) return;
    second = told(["--dir", source.dir], db.url, async ({ event: seen }) => {
      if (seen === "waiting-for-lock") await web.query("rollback");
    });
  });
  const { all, code } = await (second as unknown as ReturnType<typeof told>);
  expect(code).toBe(0);
  const waiting = all.find(({ event }) => event === "waiting-for-lock");
  expect(waiting?.reason).toBe("WaitingForLock");
  expect(waiting?.message).toMatch(/^waiting 1 s for another runner: pid \d+ \(lockkeeper, .+ for .+\)$/);
});

test("a run whose database doesn't answer tells why", async () => {
  await using source = await folder({ "0001_users.sql": "create table users (id int)" });
  const argv = ["--dir", source.dir, "--connect-wait", "1s"];
  const { all, code } = await told(argv, "postgres://web:canary-password@127.0.0.1:1/shop");
  expect(code).toBe(14);
  expect(events(all).slice(0, 1)).toEqual(["connecting"]);
  expect(events(all).at(-1)).toMatch(/^(finished|failed)$/);
  expect(all[0]).toMatchObject({ reason: "Running" });
  expect(all[0]?.message).toMatch(/^waiting for the database: .*127\.0\.0\.1/);
  expect(JSON.stringify(all)).not.toContain("canary-password");
});
