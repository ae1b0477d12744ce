import { randomUUID } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openBrowser } from "../dashboard/browser.ts";
import { database, type TestDatabase } from "../postgres/database.ts";
import { buildApp, startApp, type App, type Built } from "./nextjs-app.ts";
import { succeed } from "./package-process.ts";

const opsPath = "/api/ops/migrations";
const newest = { 1: "0010_solid_watchtower", 2: "0012_keen_valkyrie" };
const cleanup = new AsyncDisposableStack();
let built: Built;

beforeAll(async () => {
  built = cleanup.use(await buildApp(inject("tarball")));
});

afterAll(() => cleanup.disposeAsync());

/** A release of the app that migrates when it starts. */
function web(db: TestDatabase, release: 1 | 2, env: Record<string, string> = {}): Promise<App> {
  const own = { DATABASE_URL: db.url, DB_MIGRATE_RUNNER: "web-startup", WORKOUTLOG_RELEASE: String(release) };
  return startApp(built.standalone, { ...own, ...env });
}

const [token, otherToken] = [randomUUID(), randomUUID()];
const bearer = (given: string) => ({ authorization: `Bearer ${given}` });

test("drizzle-kit finds nothing to generate: schema and migrations of both releases agree", async () => {
  for (const release of ["1", "2"]) {
    const files = () => readdir(join(built.source, "releases", release), { recursive: true });
    const before = await files();
    await succeed("npx", ["--no-install", "drizzle-kit", "generate"], {
      cwd: built.source,
      env: { WORKOUTLOG_RELEASE: release },
    });
    expect(await files()).toEqual(before);
  }
});

test("a release that starts on an empty database migrates it, serves its page and leaves the run on record", async () => {
  await using db = await database();
  await using app = await web(db, 1);
  const page = await app.get("/");
  expect(page.status).toBe(200);
  expect(page.body).toContain("Release 1");
  expect(page.body).toContain(`Schema ${newest[1]}, by web-startup`);
  expect(
    await db.query("select runner, status, version_after, cardinality(applied) as applied from migration_run_log"),
  ).toEqual([{ runner: "web-startup", status: "SUCCESS", version_after: newest[1], applied: 11 }]);
});

test("the next release brings its two migrations to a database in use, and both releases go on", async () => {
  await using db = await database();
  await using first = await web(db, 1);
  expect((await first.get("/api/health")).status).toBe(200);
  await logWorkout(first, "Legs");
  await using second = await web(db, 2);
  const page = await second.get("/");
  expect(page.body).toContain("Release 2");
  expect(page.body).toContain(`Schema ${newest[2]}, by web-startup`);
  expect(page.body).toContain("Legs");
  expect(page.body).toContain("Effort not rated");
  await logWorkout(first, "Back");
  expect((await second.get("/")).body).toContain("Back");
  expect((await first.get("/api/health")).status).toBe(200);
});

test("replicas that start at once apply every migration exactly once", async () => {
  await using db = await database();
  await using one = await web(db, 2);
  await using two = await web(db, 2);
  await using three = await web(db, 2);
  const health = await Promise.all([one, two, three].map((app) => app.get("/api/health")));
  expect(health.map(({ status }) => status)).toEqual([200, 200, 200]);
  const rows = await db.query<{ hash: string }>("select hash from drizzle.__drizzle_migrations");
  expect(rows).toHaveLength(13);
  expect(new Set(rows.map(({ hash }) => hash)).size).toBe(13);
});

test("drizzle-kit migrate and Lockkeeper take turns on one history: each goes on where the other one stopped", async () => {
  await using db = await database();
  const lockkeeper = async (release: 1 | 2): Promise<unknown> => {
    const argv = ["--no-install", "lockkeeper", "migrate", "--dir", `releases/${release}/drizzle`, "--json"];
    const { stdout } = await succeed("npx", argv, { cwd: built.source, env: { DATABASE_URL: db.url } });
    return JSON.parse(stdout);
  };
  const config = await configWithDatabase();
  const drizzleKit = async (release: 1 | 2): Promise<void> => {
    const env = { DATABASE_URL: db.url, WORKOUTLOG_RELEASE: String(release) };
    await succeed("npx", ["--no-install", "drizzle-kit", "migrate", "--config", config], { cwd: built.source, env });
  };
  const history = async () =>
    await db.query<{ id: number }>("select id, hash, created_at from drizzle.__drizzle_migrations order by id");

  expect(await lockkeeper(1)).toMatchObject({ status: "SUCCESS", versionAfter: newest[1], appliedTotal: 11 });
  const ours = await history();
  expect(ours).toHaveLength(11);
  await drizzleKit(1);
  expect(await history()).toEqual(ours);
  await drizzleKit(2);
  const both = await history();
  expect(both).toHaveLength(13);
  expect(both.slice(0, 11)).toEqual(ours);
  expect(await lockkeeper(2)).toMatchObject({
    status: "SKIPPED",
    versionBefore: newest[2],
    versionAfter: newest[2],
    appliedTotal: 13,
  });
  expect(await history()).toEqual(both);
});

test("without the web's migrations switched on the schema is left alone, and the app says that it can't work", async () => {
  await using db = await database();
  for (const env of [{ DB_MIGRATE_ENABLED: "0" }, { DB_MIGRATE_RUNNER: "kubernetes-job" }]) {
    await using app = await web(db, 1, env);
    expect((await app.get("/api/health")).status).toBe(503);
    expect(await db.query("select from pg_namespace where nspname in ('drizzle', 'lockkeeper')")).toEqual([]);
    expect(await db.query("select from pg_tables where schemaname = 'public'")).toEqual([]);
  }
});

test("a release whose migrations fail ends instead of serving, and tells why without the password", async () => {
  await using db = await database();
  await db.query("create table users ()");
  await using app = await web(db, 1);
  expect(await app.exit).toBe(1);
  expect(app.output()).toContain('relation "users" already exists');
  expect(app.output()).not.toContain(new URL(db.url).password);
});

test("a migration that can't run in a transaction works from Next's standalone build, which must have the parser", async () => {
  await using db = await database();
  await using own = await folderWithConcurrentIndex();
  await using app = await web(db, 2, { WORKOUTLOG_MIGRATIONS: own.folder });
  expect((await app.get("/")).body).toContain("Schema 0013_titles, by web-startup");
  const index = "select indisvalid from pg_index where indexrelid = 'workouts_title_idx'::regclass";
  expect(await db.query(index)).toEqual([{ indisvalid: true }]);
});

test("the ops payload is there for the right token only, and not at all without one configured", async () => {
  await using db = await database();
  await using app = await web(db, 1, { OPS_MIGRATION_TOKEN: token });
  expect((await app.get(opsPath)).status).toBe(401);
  expect((await app.get(opsPath, bearer(otherToken))).status).toBe(401);
  const answer = await app.get(opsPath, bearer(token));
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toMatchObject({
    status: "ok",
    migrations: [
      {
        name: db.name,
        version: newest[1],
        pendingCount: 0,
        recentRuns: [{ runner: "web-startup", status: "SUCCESS" }],
      },
    ],
  });
  await using without = await web(db, 1);
  expect((await without.get(opsPath, bearer(token))).status).toBe(404);
});

test("a failed run in the log turns the ops payload critical", async () => {
  await using db = await database();
  await using app = await web(db, 1, { OPS_MIGRATION_TOKEN: token });
  expect((await app.get(opsPath, bearer(token))).status).toBe(200);
  await db.query(
    `insert into migration_run_log
       (id, status, runner, source, started_at, heartbeat_at, finished_at, pending, error_code, error_message, error_migration)
     values ($1, 'FAILED', 'kubernetes-job', 'registry.example/web:2', now(), now(), now(), array['0011_steady_juggernaut'],
       '42501', 'permission denied', '0011_steady_juggernaut')`,
    [randomUUID()],
  );
  // An answer may be a second old.
  await expect.poll(async () => (await app.get(opsPath, bearer(token))).status, { timeout: 30_000 }).toBe(503);
  const answer = await app.get(opsPath, bearer(token));
  expect(JSON.parse(answer.body)).toMatchObject({
    status: "critical",
    alerts: expect.arrayContaining([expect.objectContaining({ severity: "critical", code: "RECENT_FAILURE" })]),
  });
});

test("the stats page shows it by the widget, in a browser that never gets the token", async () => {
  await using db = await database();
  await using app = await web(db, 2, { OPS_MIGRATION_TOKEN: token });
  await app.get("/api/health");
  await using browser = await openBrowser();
  const page = await browser.newPage();
  const got: string[] = [];
  page.on(
    "response",
    (response) =>
      void response.text().then(
        (text) => got.push(text),
        () => undefined,
      ),
  );
  await page.goto(`${app.url}/stats`);
  await page.getByText("All is well").waitFor();
  await page.getByText(`at ${newest[2]}`).waitFor();
  await page.getByText(/last run: SUCCESS .* 13 applied/).waitFor();
  expect(got.length).toBeGreaterThan(2);
  expect(got.join("\n")).not.toContain(token);
});

/** The example's configuration with a database, which only `drizzle-kit migrate` wants. Goes with the app's copy. */
async function configWithDatabase(): Promise<string> {
  const file = "drizzle.database.config.ts";
  const text = `import config from "./drizzle.config";
export default { ...config, dbCredentials: { url: process.env["DATABASE_URL"] } };
`;
  await writeFile(join(built.source, file), text);
  return file;
}

/** Release 2's folder and one migration more. The comment makes sure that only a parser can tell what the file does. */
async function folderWithConcurrentIndex(): Promise<AsyncDisposable & { folder: string }> {
  const own = await mkdtemp(join(tmpdir(), "lockkeeper-workoutlog-drizzle-"));
  await cp(join(built.source, "releases/2/drizzle"), own, { recursive: true });
  const sql = `/* not in a transaction: */ CREATE INDEX /* ; */ CONCURRENTLY "workouts_title_idx" ON "workouts" ("title");\n`;
  await writeFile(join(own, "0013_titles.sql"), sql);
  const file = join(own, "meta/_journal.json");
  const journal = JSON.parse(await readFile(file, "utf8"));
  const last = journal.entries.at(-1);
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1, tag: "0013_titles" });
  await writeFile(file, JSON.stringify(journal));
  return { folder: own, [Symbol.asyncDispose]: () => rm(own, { recursive: true }) };
}

async function logWorkout(app: App, title: string): Promise<void> {
  const workout = { email: "ann@example.com", title, exercise: "Back squat", reps: 5, weightGrams: 60_000 };
  const response = await fetch(`${app.url}/api/workouts`, { method: "POST", body: JSON.stringify(workout) });
  expect(response.status).toBe(201);
}
