/** The command line against a server on loopback: what it prints, writes, sends and exits with. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { startCommand } from "../runner/cli-process.ts";
import { inProcess } from "./command.ts";
import type { Commanded } from "./command.ts";
import { alert, inTurn, json, opsPayload, standIn, working } from "./stand-in.ts";
import type { Respond, StandIn } from "./stand-in.ts";

const TOKEN = "canary-token-0123456789";
let folder = "";

beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), "lockkeeper-check-"))));
afterAll(async () => await rm(folder, { recursive: true, force: true }));

type Checked = Commanded & { server: StandIn };

/** Asks a server that answers so, once, unless the arguments say otherwise. */
async function check(respond: Respond, argv: string[] = [], variables: Record<string, string> = {}): Promise<Checked> {
  await using server = await standIn(respond);
  const all = { DEPLOY_OPS_URL: server.origin, DEPLOY_OPS_TOKEN: TOKEN, ...variables };
  const waits = argv.includes("--wait") ? argv : ["--wait", "0", ...argv];
  const ended = await inProcess(["check", ...waits], all);
  for (const text of [ended.stdout, ended.stderr]) expect(text).not.toContain(TOKEN);
  return { ...ended, server };
}

const critical = opsPayload({
  status: "critical",
  alerts: [alert("PENDING_MIGRATIONS", { message: "2 migrations pending and no run at work: 0043_c, 0044_d" })],
});

describe("what it prints and exits with", () => {
  test("all well: a table, and the question that was asked", async () => {
    const { code, stdout, stderr, server } = await check(json(opsPayload()), [
      "--lookback",
      "30m",
      "--namespace",
      "shop",
    ]);
    expect({ code, stderr }).toEqual({ code: EXIT.done, stderr: "" });
    expect(stdout.split("\n")[0]).toBe(
      `ok: 0 alerts for 1 database, looking 30 min back (${server.origin}/api/ops/migrations)`,
    );
    expect(stdout).toMatch(/^shop\/web +0042_b +0 +SUCCESS .* ago, by kubernetes-job$/m);
    expect(server.asked).toMatchObject([
      {
        method: "GET",
        url: "/api/ops/migrations?lookbackMinutes=30&limit=3&namespace=shop",
        headers: { authorization: `Bearer ${TOKEN}` },
      },
    ]);
  });

  test("critical warns, and fails only where it is strict", async () => {
    const lenient = await check(json(critical, 503));
    expect(lenient).toMatchObject({ code: EXIT.done, stderr: "" });
    expect(lenient.stdout).toMatch(/^critical: 1 alert for 1 database/);
    expect(lenient.stdout).toMatch(
      /^critical +PENDING_MIGRATIONS +shop\/web +2 migrations pending and no run at work: 0043_c, 0044_d$/m,
    );
    expect(await check(json(critical, 503), ["--strict"])).toMatchObject({ code: EXIT.critical });
    expect(await check(json(critical, 503), [], { DEPLOY_MIGRATION_ALERT_STRICT: "1" })).toMatchObject({
      code: EXIT.critical,
    });
  });

  test("a warning never fails", async () => {
    const payload = opsPayload({ status: "warning", alerts: [alert("LOCK_WAIT", { severity: "warning" })] });
    const { code, stdout } = await check(json(payload), ["--strict"]);
    expect(code).toBe(EXIT.done);
    expect(stdout).toMatch(/^warning +LOCK_WAIT +shop\/web/m);
  });

  test.each<[string, Respond, number, RegExp]>([
    [
      "a wrong token",
      json({ error: { code: "UNAUTHORIZED", message: "x" } }, 401),
      EXIT.invalidInput,
      /refused the token/,
    ],
    [
      "an endpoint that is off",
      json({ error: { code: "NOT_FOUND", message: "x" } }, 404),
      EXIT.invalidInput,
      /switched off/,
    ],
    ["a redirect", json({}, 302, { location: "/login" }), EXIT.invalidInput, /redirects to .*\/login \(302\)/],
    ["a proxy alone", json({}, 502), EXIT.unreachable, /answered 502/],
    ["too much", (_, outgoing) => void outgoing.end("x".repeat(17_000_000)), EXIT.unreachable, /too much/],
  ])("%s says what and why, and fails only where it is strict", async (_, respond, exitCode, said) => {
    const strict = await check(respond, ["--strict"]);
    expect(strict.code).toBe(exitCode);
    expect(strict.stdout).toMatch(/^unknown: the state of the migrations can't be told$/m);
    expect(strict.stdout).toMatch(said);
    expect(strict.stdout).toMatch(/^hint: /m);
    expect((await check(respond)).code).toBe(EXIT.done);
  });

  test("without a token it is skipped, and nobody is asked", async () => {
    const { code, stdout, server } = await check(json(opsPayload()), ["--strict"], { DEPLOY_OPS_TOKEN: "" });
    expect({ code, stdout }).toEqual({
      code: EXIT.done,
      stdout: "Skipped: there is no token: DEPLOY_OPS_TOKEN isn't set\n",
    });
    expect(server.asked).toEqual([]);
  });

  test("what it is told wrongly is refused, strict or not", async () => {
    const { code, stderr } = await check(json(opsPayload()), ["--lookback", "soon"]);
    expect(code).toBe(EXIT.invalidInput);
    expect(stderr).toContain('InvalidInput: --lookback: "soon"');
  });

  test("--json is one document on standard output", async () => {
    const { code, stdout } = await check(json(critical, 503), ["--json", "--strict"], { GITHUB_ACTIONS: "true" });
    expect(JSON.parse(stdout)).toMatchObject({
      command: "check",
      status: "critical",
      exitCode: EXIT.critical,
      strict: true,
      asked: 1,
      notified: null,
      alerts: critical.alerts,
      migrations: [{ namespace: "shop", name: "web", pendingCount: 0 }],
    });
    expect(code).toBe(EXIT.critical);
    expect(JSON.parse((await check(json({}), ["--json"], { DEPLOY_OPS_TOKEN: "" })).stdout)).toMatchObject({
      status: "skipped",
      exitCode: 0,
    });
    expect(JSON.parse((await check(json({}), ["--json", "--lookback", "x"])).stdout)).toMatchObject({
      exitCode: EXIT.invalidInput,
    });
  });
});

describe("while a deploy settles", () => {
  test("it asks again until the answer stays as it is, and says why it waits", async () => {
    const answers = inTurn(json({}, 502), json(working(1)), json(opsPayload()));
    const { code, stdout, stderr, server } = await check(answers, ["--strict", "--wait", "1m"]);
    expect({ code, asked: server.asked.length }).toEqual({ code: EXIT.done, asked: 3 });
    expect(stdout).toMatch(/^ok: /);
    expect(stderr).toMatch(/^asking again for .* at most: .* answered 502/m);
    expect(stderr).toMatch(
      /^asking again for .* at most: a run of kubernetes-job is at work on shop\/web, 1 pending$/m,
    );
  });

  test("a run that is still at work in the end is told, and strictly is out of time", async () => {
    const strict = await check(json(working(1)), ["--strict"]);
    expect(strict.code).toBe(EXIT.cancelled);
    expect(strict.stdout).toMatch(/^warning +UNSETTLED .* is at work on shop\/web, 1 pending still, after 0 s$/m);
    expect((await check(json(working(1)))).code).toBe(EXIT.done);
  });

  test("SIGTERM ends the waiting", async () => {
    const asked = Promise.withResolvers<void>();
    await using server = await standIn(async (one, outgoing) => {
      await json({}, 502)(one, outgoing);
      asked.resolve();
    });
    const variables = { DEPLOY_OPS_URL: server.origin, DEPLOY_OPS_TOKEN: TOKEN };
    const { child, ended } = startCommand(["check", "--wait", "10m"], variables);
    await asked.promise;
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: EXIT.cancelled, stderr: expect.stringContaining("stopped by SIGTERM") });
  });
});

describe("in GitHub's workflows", () => {
  const HOSTILE = "a\n::error::b ##[error]c ::set-output name=d::e | <img> 100%";
  const hostile = opsPayload({
    status: "critical",
    alerts: [alert("DRIFT", { name: "::error::web", message: HOSTILE })],
  });

  test("it writes annotations and a page, and no text of others is a command", async () => {
    const summary = join(folder, "summary.md");
    await writeFile(summary, "before\n");
    const variables = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    const { code, stdout, stderr } = await check(json(hostile, 503), ["--strict"], variables);
    expect(code).toBe(EXIT.critical);
    const commands = `${stdout}\n${stderr}`.split("\n").filter((line) => /^\s*::|##\[/.test(line));
    expect(commands).toEqual([
      "::error title=DRIFT shop/%3A %3Aerror%3A%3Aweb::a ::error::b # #[error]c ::set-output name=d::e | <img> 100%25",
    ]);
    const page = await readFile(summary, "utf8");
    expect(page).toMatch(/^before\n### Migrations: critical\n/);
    expect(page).toContain(String.raw`\<img\> 100\%`);
  });

  test("what only warns is a warning, what is skipped a notice, and a page that can't be written is told", async () => {
    const variables = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: join(folder, "no/such/folder") };
    const { code, stderr } = await check(json(critical, 503), [], variables);
    expect(code).toBe(EXIT.done);
    expect(stderr).toMatch(/^::warning title=PENDING_MIGRATIONS shop\/web::2 migrations/m);
    expect(stderr).toMatch(/^::warning title=lockkeeper check::the step's summary can't be written \(ENOENT\)$/m);
    const skipped = await check(json({}), [], { ...variables, DEPLOY_OPS_TOKEN: "" });
    expect(skipped.stderr).toMatch(/^::notice title=lockkeeper check::skipped: /);
  });
});

describe("secrets", () => {
  test("the token is sent to where it belongs and nowhere else, whatever the endpoint does", async () => {
    await using other = await standIn(json(opsPayload()));
    const { code, server } = await check(json({}, 307, { location: `${other.origin}/api/ops/migrations` }), [
      "--strict",
    ]);
    expect(code).toBe(EXIT.invalidInput);
    expect(server.asked).toHaveLength(1);
    expect(other.asked).toEqual([]);
  });

  test("an endpoint that says the token back doesn't get it into a log, a page or a note", async () => {
    const echo: Respond = ({ headers }, outgoing) =>
      json(
        opsPayload({ status: "critical", alerts: [alert("DRIFT", { message: `you sent ${headers.authorization}` })] }),
        503,
      )({} as never, outgoing);
    await using hook = await standIn(json({}));
    const [summary, url] = [join(folder, "echo.md"), join(folder, "echo-hook")];
    await writeFile(url, `${hook.origin}/services/canary-hook`);
    const variables = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
    const { stdout, stderr } = await check(echo, ["--notify-url-file", url], variables);
    expect(stdout).toContain("you sent Bearer [redacted]");
    const everywhere = [stdout, stderr, await readFile(summary, "utf8"), hook.asked[0]?.body ?? ""].join("\n");
    // In the page its signs have backslashes.
    expect(everywhere.replaceAll("\\", "")).not.toContain("canary");
    expect(hook.asked).toHaveLength(1);
  });
});

describe("a note to a webhook", () => {
  async function hook(respond: Respond): Promise<{ server: StandIn; argv: string[] } & AsyncDisposable> {
    const server = await standIn(respond);
    const file = join(folder, `hook-${server.origin.split(":").at(-1)}`);
    await writeFile(file, `${server.origin}/services/canary\n`);
    return {
      server,
      argv: ["--notify-url-file", file],
      [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
    };
  }

  test("is sent once for what is critical, and for an endpoint that can't be asked", async () => {
    await using one = await hook(json({}));
    expect((await check(json(critical, 503), [...one.argv, "--strict"])).code).toBe(EXIT.critical);
    expect((await check(json({}, 401), one.argv)).code).toBe(EXIT.done);
    expect(one.server.asked.map(({ url }) => url)).toEqual(["/services/canary", "/services/canary"]);
    const [first, second] = one.server.asked.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(first).toMatchObject({
      status: "critical",
      text: expect.stringContaining("PENDING_MIGRATIONS"),
      alerts: critical.alerts,
    });
    expect(second).toMatchObject({ status: "unknown", text: expect.stringContaining("refused the token") });
    expect(one.server.asked[0]?.headers.authorization).toBeUndefined();
  });

  test("isn't sent for what is well, only warns, or is skipped", async () => {
    await using one = await hook(json({}));
    const warning = opsPayload({ status: "warning", alerts: [alert("LOCK_WAIT", { severity: "warning" })] });
    for (const payload of [opsPayload(), warning]) await check(json(payload), one.argv);
    await check(json(critical, 503), one.argv, { DEPLOY_OPS_TOKEN: "" });
    expect(one.server.asked).toEqual([]);
  });

  test("that isn't taken is told without its URL, and strictly fails what wouldn't have failed", async () => {
    await using one = await hook(json({}, 403));
    const { code, stderr, stdout } = await check(json(critical, 503), [...one.argv, "--json"]);
    expect(code).toBe(EXIT.done);
    expect(stderr).toBe("warning: the webhook of --notify-url-file wasn't told: it answered 403\n");
    expect(JSON.parse(stdout)).toMatchObject({ notified: false });
    expect(stdout).not.toContain("canary");
    expect((await check(json(critical, 503), [...one.argv, "--strict"])).code).toBe(EXIT.critical);
  });
});
