/** A check of what the library's own handler tells of a real database. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { opsMigrations } from "../../job/ops.ts";
import type { OpsMigrationsOptions } from "../../job/ops.ts";
import { folderWith } from "../../job/source/folder-fixture.ts";
import { TOKEN } from "../ops/contract.ts";
import { database } from "../postgres/database.ts";
import { runFolder } from "./run.ts";
import { inProcess } from "../check/command.ts";
import { handled, json, opsPayload, standIn } from "../check/stand-in.ts";

/** Strictly, by the handler with these options, of an app of its own: each has looked at the folder as it is now. */
async function check(options: OpsMigrationsOptions, argv: string[] = ["--wait", "0"], token = TOKEN) {
  await using app = await standIn(handled(opsMigrations({ token: TOKEN, ...options })));
  return await inProcess(["check", "--strict", ...argv], { DEPLOY_OPS_URL: app.origin, DEPLOY_OPS_TOKEN: token });
}

test("a check tells what is the case: ok, pending, a lock timeout and who blocked, a warning once it is cured", async () => {
  await using db = await database();
  await using source = await folderWith({ "0001_a.sql": "create table a (id int);" });
  const app = { databaseUrl: db.url, dir: source.dir };
  await runFolder(db, source.dir);
  const ok = await check(app);
  expect(ok).toMatchObject({ code: EXIT.done, stderr: "" });
  expect(ok.stdout).toContain("ok: 0 alerts for 1 database");
  expect(ok.stdout).toMatch(new RegExp(`^${db.name} +0001_a +0 +SUCCESS .* ago, by test$`, "m"));

  await source.write({ "0002_b.sql": "alter table a add column b int;" });
  const pending = await check(app);
  expect(pending.code).toBe(EXIT.critical);
  expect(pending.stdout).toMatch(/^critical +PENDING_MIGRATIONS .* 1 migration pending and no run at work: 0002_b$/m);

  const blocker = await db.connect("reporting");
  await blocker.query("begin; select from a");
  await runFolder(db, source.dir, { lock: { timeoutMs: 200, retries: 0 } });
  const blocked = await check(app);
  expect(blocked.code).toBe(EXIT.critical);
  expect(blocked.stdout).toMatch(
    /^critical +RECENT_LOCK_TIMEOUT .* 0002_b waited .* for public\.a; blocked by pid \d+ \(reporting, /m,
  );

  await blocker.query("rollback");
  await runFolder(db, source.dir);
  const cured = await check(app);
  expect(cured.code).toBe(EXIT.done);
  expect(cured.stdout).toMatch(/^warning +RECENT_LOCK_TIMEOUT .*; cured since$/m);
});

test("while a real run is at work it asks on, and then says that all is well", async () => {
  await using db = await database();
  await using source = await folderWith({ "0001_slow.sql": "create table a (id int); select pg_sleep(3);" });
  await using app = await standIn(handled(opsMigrations({ token: TOKEN, databaseUrl: db.url })));
  const running = runFolder(db, source.dir);
  const variables = { DEPLOY_OPS_URL: app.origin, DEPLOY_OPS_TOKEN: TOKEN };
  // Before its row is there, the log's table is what is missing: a warning, which isn't waited for.
  await expect
    .poll(
      async () => await db.query("select from lockkeeper.migration_run_log where status = 'RUNNING'").catch(() => []),
      { timeout: 20_000 },
    )
    .toHaveLength(1);
  const { code, stdout, stderr } = await inProcess(["check", "--strict", "--wait", "1m"], variables);
  expect(code).toBe(EXIT.done);
  expect(stderr).toMatch(/^asking again for .* at most: a run of test is at work on \S+, 1 pending$/m);
  expect(stdout).toMatch(/^ok: /);
  expect((await running).status).toBe("SUCCESS");
});

test("a wrong token, an endpoint without one and a database that is down are told apart", async () => {
  await using db = await database();
  const options = { databaseUrl: db.url };
  const wrong = await check(options, ["--wait", "0"], "another-token-0123456789");
  expect(wrong).toMatchObject({ code: EXIT.invalidInput, stdout: expect.stringContaining("refused the token (401)") });
  await using off = await standIn(handled(opsMigrations({ ...options, tokenFile: "/nowhere/token" })));
  const variables = { DEPLOY_OPS_URL: off.origin, DEPLOY_OPS_TOKEN: TOKEN };
  const closed = await inProcess(["check", "--strict", "--wait", "1m"], variables);
  expect(closed).toMatchObject({ code: EXIT.invalidInput, stdout: expect.stringContaining("is switched off (404)") });
  const down = await check({ databaseUrl: "postgres://web:canary-secret@127.0.0.1:1/shop" });
  expect(down.code).toBe(EXIT.critical);
  expect(down.stdout).toMatch(/^critical +STALE_TELEMETRY +shop +the state can't be told: .*ECONNREFUSED/m);
  expect(down.stdout + down.stderr).not.toContain("canary");
  const misspelt = await check(options, ["--wait", "0", "--name", "misspelt"]);
  expect(misspelt).toMatchObject({
    code: EXIT.done,
    stdout: expect.stringContaining("nothing here is called misspelt"),
  });
});

test("an endpoint whose certificate nobody knows is refused, and taken with its CA named", async () => {
  await using folder = await folderWith({});
  const [key, cert] = [join(folder.dir, "key.pem"), join(folder.dir, "cert.pem")];
  const about = ["-days", "2", "-subj", "/CN=ops", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert];
  await promisify(execFile)("openssl", ["req", "-x509", ...made, ...about]);
  const tls = { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") };
  await using app = await standIn(json(opsPayload()), tls);
  const variables = { DEPLOY_OPS_URL: app.origin, DEPLOY_OPS_TOKEN: TOKEN };
  const unknown = await inProcess(["check", "--strict"], variables);
  expect(unknown.code).toBe(EXIT.unreachable);
  expect(unknown.stdout).toMatch(/TLS with \S+ fails \(DEPTH_ZERO_SELF_SIGNED_CERT\)/);
  expect(app.asked).toEqual([]);
  expect(await inProcess(["check", "--strict", "--ca-file", cert], variables)).toMatchObject({ code: EXIT.done });
});
