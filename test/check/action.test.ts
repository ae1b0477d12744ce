/** The GitHub action and the example workflows: their own shell is run, against servers and programs that stand in. */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { standInPrograms } from "./stand-in-programs.ts";
import { alert, json, opsPayload, standIn } from "./stand-in.ts";
import type { Respond } from "./stand-in.ts";
import { runAction, runWorkflow } from "./workflow.ts";

const TOKEN = "canary-token-0123456789";
const root = fileURLToPath(new URL("../..", import.meta.url));
let folder = "";
let actionPath = "";

/** What GitHub gets of this repository, without node_modules: nothing that it has could be imported. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lockkeeper-action-"));
  actionPath = join(folder, "action");
  for (const part of ["job", "contract", "package.json"])
    await cp(join(root, part), join(actionPath, part), { recursive: true });
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

async function surroundings(scripts: Record<string, string> = {}) {
  const own = await mkdtemp(join(folder, "runner-"));
  const node = `exec '${process.execPath}' "$@"\n`;
  const programs = await standInPrograms(own, { node, ...scripts });
  const temporary = join(own, "tmp");
  await mkdir(temporary);
  // Not the checkout's: it would grow by each run's own paths.
  const NODE_COMPILE_CACHE = join(folder, "compiled");
  const env = { NODE_COMPILE_CACHE, PATH: programs.path, HOME: own, TMPDIR: temporary, GITHUB_ACTIONS: "true" };
  return { own, programs, temporary, env };
}

async function act(respond: Respond, inputs: Record<string, string>) {
  await using server = await standIn(respond);
  const { programs, temporary, env } = await surroundings();
  const given = { url: server.origin, token: TOKEN, wait: "0", ...inputs };
  const result = await runAction(given, { contexts: {}, env, actionPath });
  return { ...result, asked: server.asked, calls: await programs.calls(), left: await readdir(temporary) };
}

const critical = json(opsPayload({ status: "critical", alerts: [alert("DRIFT")] }), 503);

describe("the action", () => {
  test("asks with its inputs, and needs no package for it", async () => {
    const { code, stdout, asked, calls } = await act(json(opsPayload()), {
      "lookback-minutes": "30",
      namespace: "shop",
      name: "web",
    });
    expect({ code, first: stdout.split("\n")[0] }).toMatchObject({ code: 0, first: expect.stringMatching(/^ok: /) });
    expect(asked).toMatchObject([{ url: "/api/ops/migrations?lookbackMinutes=30&limit=3&namespace=shop&name=web" }]);
    expect(asked[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    // An argument is everybody's to read.
    expect(calls.join("\n")).not.toContain("canary");
  });

  test("warns, or if strict fails with the check's own exit code", async () => {
    expect(await act(critical, {})).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^::warning title=DRIFT/m),
    });
    const strict = await act(critical, { strict: "true" });
    expect(strict).toMatchObject({ code: EXIT.critical, stderr: expect.stringMatching(/^::error title=DRIFT/m) });
  });

  test("is skipped without a token", async () => {
    const { code, stderr, asked } = await act(critical, { token: "", strict: "true" });
    expect({ code, asked }).toEqual({ code: 0, asked: [] });
    expect(stderr).toMatch(/^::notice title=lockkeeper check::skipped/m);
  });

  test("tells the webhook, whose URL is in no argument, and leaves no file of it", async () => {
    await using hook = await standIn(json({}));
    const { code, calls, left } = await act(critical, {
      strict: "true",
      "notify-url": `${hook.origin}/services/canary`,
    });
    expect({ code, told: hook.asked.length, left }).toEqual({ code: EXIT.critical, told: 1, left: [] });
    expect(calls.join("\n")).not.toContain("canary");
  });

  test("takes its inputs as texts, whatever they look like", async () => {
    const hostile = `x"; touch "$TMPDIR/pwned"; $(touch "$TMPDIR/pwned") \${{ inputs.token }}`;
    const { left, asked } = await act(json(opsPayload()), { namespace: hostile, name: hostile });
    expect(left).toEqual([]);
    expect(new URL(asked[0]?.url ?? "", "http://app.test").searchParams.get("name")).toBe(hostile);
  });

  test("takes a newer Node.js of the runner's where the first one is too old, and says so where there is none", async () => {
    await using server = await standIn(json(opsPayload()));
    const { own, env } = await surroundings({ node: "exit 1\n" });
    const tools = join(own, "tools");
    const inputs = { url: server.origin, token: TOKEN, wait: "0" };
    const scope = { contexts: {}, env: { ...env, RUNNER_TOOL_CACHE: tools }, actionPath };
    const without = await runAction(inputs, scope);
    expect(without).toMatchObject({
      code: EXIT.invalidInput,
      stdout: expect.stringContaining("run actions/setup-node"),
    });
    await mkdir(join(tools, "node/24.1.0/x64/bin"), { recursive: true });
    await symlink(process.execPath, join(tools, "node/24.1.0/x64/bin/node"));
    expect(await runAction(inputs, scope)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok: /) });
  });
});

describe("the example workflows", () => {
  const github = { repository: "acme/shop", sha: "c0ffee", token: "registry-token" };

  test("check-migrations tells the webhook by itself, and fails where something is critical", async () => {
    await using server = await standIn(critical);
    await using hook = await standIn(json({}));
    const { env } = await surroundings();
    const secrets = { DEPLOY_OPS_TOKEN: TOKEN, MIGRATIONS_WEBHOOK_URL: `${hook.origin}/services/x` };
    const contexts = { github, secrets, vars: { DEPLOY_OPS_URL: server.origin } };
    const steps = await runWorkflow("examples/github/check-migrations.yml", { contexts, env, actionPath });
    expect(steps).toMatchObject([{ code: EXIT.critical }]);
    expect(JSON.parse(hook.asked[0]?.body ?? "")).toMatchObject({ status: "critical", alertCount: 1 });
  });

  test("deploy checks once the release is there, and not when bringing it failed", async () => {
    await using server = await standIn(critical);
    const contexts = { github, secrets: { DEPLOY_OPS_TOKEN: TOKEN }, vars: { DEPLOY_OPS_URL: server.origin } };
    const good = await surroundings({ helm: "" });
    const env = { ...good.env, GITHUB_SHA: "c0ffee" };
    const steps = await runWorkflow("examples/github/deploy.yml", { contexts, env, actionPath });
    // Not strict unless the repository's variable says so.
    expect(steps).toMatchObject([
      { name: "Deploy", code: 0 },
      { name: "Check the migrations", code: 0 },
    ]);
    expect(await good.programs.calls()).toContainEqual(
      expect.stringMatching(/^helm upgrade --install .*image.tag=c0ffee/),
    );
    const bad = await surroundings({ helm: "exit 1\n" });
    expect(
      await runWorkflow("examples/github/deploy.yml", {
        contexts,
        env: { ...bad.env, GITHUB_SHA: "c0ffee" },
        actionPath,
      }),
    ).toHaveLength(1);
  });

  test("the compose stack's migrates before it switches the web, and leaves that alone where migrating fails", async () => {
    await using server = await standIn(json(opsPayload()));
    const vars = { DEPLOY_OPS_URL: server.origin, DEPLOY_HOST: "shop.example.com", DEPLOY_KNOWN_HOSTS: "keys" };
    const contexts = { github, vars, secrets: { DEPLOY_OPS_TOKEN: TOKEN, DEPLOY_SSH_KEY: "canary-key" } };
    async function deployed(docker: string) {
      const { own, programs, env } = await surroundings({
        docker: `if [[ $CALLED == *" login "* ]]; then cat >/dev/null; fi\n${docker}`,
        // The machine: its /srv/shop is a folder of the test's.
        ssh: `eval "$(printf '%s' "\${@: -1}" | sed "s#/srv/shop#$HOME/srv#g")"\n`,
      });
      await mkdir(join(own, "srv"));
      await cp(join(root, "examples/compose/.env.example"), join(own, "srv/.env"));
      const all = { ...env, GITHUB_ACTOR: "octocat" };
      const steps = await runWorkflow("examples/compose/deploy.yml", { contexts, env: all, actionPath });
      const calls = await programs.calls();
      expect(calls.join("\n")).not.toContain("canary");
      const compose = calls
        .filter((call) => call.startsWith("docker compose"))
        .map((call) => call.slice("docker compose ".length));
      return { steps, compose, dotenv: await readFile(join(own, "srv/.env"), "utf8") };
    }
    const good = await deployed("");
    expect(good.steps.map(({ name, code }) => `${name}: ${code}`)).toEqual([
      "Build and push the image: 0",
      "Prepare SSH: 0",
      "Migrate: 0",
      "Switch the web: 0",
      "Check the migrations: 0",
    ]);
    expect(good.compose).toEqual([
      "pull migrate web",
      "up --detach --wait db",
      "run --rm --no-deps migrate",
      "up --detach --no-deps --wait web",
    ]);
    // So that a restart by hand has the same release.
    expect(good.dotenv).toMatch(/^APP_IMAGE=ghcr.io\/acme\/shop:c0ffee$/m);
    const bad = await deployed('if [[ $CALLED == *" run "* ]]; then exit 11; fi\n');
    expect(bad.steps.at(-1)).toMatchObject({ name: "Migrate", code: 11 });
    expect(bad.compose.at(-1)).toBe("run --rm --no-deps migrate");
  });
});
