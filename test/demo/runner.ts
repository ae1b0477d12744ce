/** What the runner and the ops handler show by themselves, on a real PostgreSQL that npm installed. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { OpsPayload } from "../../contract/ops.ts";
import { opsMigrations } from "../../job/ops.ts";
import { startServer } from "../postgres/server.ts";
import { growingFolder } from "./folder.ts";
import { lockkeeper, ROOT } from "./lockkeeper.ts";
import { seen, shell, step } from "./narrate.ts";
import { serve } from "./serve.ts";

const RELEASES = join(ROOT, "examples/workoutlog/releases");
const LOG = ["--run-log-table", "public.migration_run_log"];
const migrate = (dir: string, ...more: string[]): string[] => ["migrate", "--dir", dir, ...LOG, ...more];

/** Shows it step by step; throws where a step wasn't seen. What it starts is the stack's. Gives what to look at afterwards. */
export async function showRunner(stack: AsyncDisposableStack): Promise<string> {
  step("A real PostgreSQL 18, from npm, on loopback");
  const server = stack.use(await startServer({ version: 18 }));
  const admin = new pg.Client(server.url);
  await admin.connect();
  await admin.query("create database workoutlog");
  await admin.end();
  const url = server.url.replace(/\/postgres$/, "/workoutlog");
  seen("it takes connections", true);

  step("Release 1 of WorkoutLog: 11 migrations, made by drizzle-kit, under a lock");
  const first = await lockkeeper(url, migrate(join(RELEASES, "1/drizzle")));
  seen(
    "all 11 are applied; drizzle-kit's own table knows them too",
    first.exitCode === 0 && first.report.appliedCount === 11,
  );

  step("Three replicas start release 2 at once: one migrates, the others find nothing left to do");
  const three = await Promise.all(
    [1, 2, 3].map(async () => await lockkeeper(url, migrate(join(RELEASES, "2/drizzle")), { quiet: true })),
  );
  for (const { report } of three)
    console.log(`  ${report.outcome}: applied ${report.appliedCount}, waited ${report.lockWaitMs} ms for locks`);
  const migrators = three.filter(({ report }) => report.outcome === "SUCCESS");
  seen("2 migrations, applied once", migrators.length === 1 && three.every(({ exitCode }) => exitCode === 0));

  const folders = stack.use(await growingFolder(join(RELEASES, "2/drizzle")));
  step(
    "Release 3 alters a table that a forgotten transaction of the web holds: who blocks is told, and it goes on when that ends",
  );
  await folders.add("0013_rest_days", 'ALTER TABLE "workouts" ADD COLUMN "rest_day" boolean DEFAULT false NOT NULL;');
  const web = new pg.Client({ connectionString: url, application_name: "web" });
  await web.connect();
  await web.query("begin");
  await web.query("select count(*) from workouts");
  const blocked = lockkeeper(url, migrate(folders.dir, "--lock-timeout", "2s"));
  await sleep(5_000);
  await web.query("rollback");
  const third = await blocked;
  seen(
    "it waited, named pid and application, tried again and went on by itself",
    third.exitCode === 0 && third.report.lockWaitMs >= 2_000,
  );

  step("The same with one try: LOCK_TIMEOUT is an outcome of its own (exit 10), not just another failure");
  await folders.add("0014_deload_weeks", 'ALTER TABLE "workouts" ADD COLUMN "deload" boolean DEFAULT false NOT NULL;');
  await web.query("begin");
  await web.query("select count(*) from workouts");
  const timedOut = await lockkeeper(url, migrate(folders.dir, "--lock-timeout", "1s", "--lock-retries", "0"));
  seen(
    "the sentence for 3 a.m. names the blocker",
    timedOut.exitCode === 10 && timedOut.report.blockers[0]?.application === "web",
  );

  step("The ops endpoint of the app tells it: 503 while it is critical");
  const token = randomBytes(24).toString("base64url");
  const ops = stack.use(
    await serve(opsMigrations({ databaseUrl: url, token, runLogTable: "public.migration_run_log" })),
  );
  const critical = await ask(ops.url, token);
  seen("503, RECENT_LOCK_TIMEOUT", critical.status === 503 && codes(critical).includes("RECENT_LOCK_TIMEOUT"));

  step("The transaction ends, the next run cures it: 200");
  await web.query("rollback");
  await web.end();
  const cured = await lockkeeper(url, migrate(folders.dir));
  await sleep(1_100);
  const calm = await ask(ops.url, token);
  seen("applied, and the endpoint is calm", cured.exitCode === 0 && calm.status === 200);

  step("A broken migration: file, line, statement and SQLSTATE, and nothing half done");
  await folders.add(
    "0015_broken",
    'ALTER TABLE "workouts" ADD COLUMN "mood" text;\n--> statement-breakpoint\nALTER TABLE "wrokouts" DROP COLUMN "notes";',
  );
  const broken = await lockkeeper(url, migrate(folders.dir));
  seen(
    "exit 11, 42P01, and the transaction left nothing behind",
    broken.exitCode === 11 && broken.report.error?.code === "42P01",
  );

  return [
    "What the database looks like now:",
    `  export DATABASE_URL=${url}`,
    `  node job/main.ts status --dir ${folders.dir} ${LOG.join(" ")}`,
    `  curl -H 'Authorization: Bearer ${token}' ${ops.url}/api/ops/migrations`,
  ].join("\n");
}

type Answer = { status: number; payload: OpsPayload };

async function ask(url: string, token: string): Promise<Answer> {
  const target = `${url}/api/ops/migrations`;
  shell(`curl -H 'Authorization: Bearer …' ${target}`);
  const response = await fetch(target, { headers: { authorization: `Bearer ${token}` } });
  const payload = OpsPayload.parse(await response.json());
  console.log(`  ${response.status} ${payload.status}`);
  for (const alert of payload.alerts) console.log(`  ${alert.severity} ${alert.code}: ${alert.message}`);
  return { status: response.status, payload };
}

function codes({ payload }: Answer): string[] {
  return payload.alerts.map(({ code }) => code);
}
