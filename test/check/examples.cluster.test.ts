/** The example workflows by actionlint, and the compose file by the library that Compose reads it with. */
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { programs } from "../cluster/local/binaries.ts";
import { run, succeeds } from "../cluster/run.ts";
import { temporaryFolder } from "../images/folder.ts";
import { OURS } from "./workflow.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A repository with these workflows, whose action is its own: only such a one's inputs are looked at. */
async function linted(workflows: Record<string, string>): Promise<string> {
  await using folder = await temporaryFolder("workflows");
  const at = join(folder.path, ".github/workflows");
  await mkdir(at, { recursive: true });
  await mkdir(join(folder.path, ".git"));
  await cp(join(root, "action.yml"), join(folder.path, "action.yml"));
  for (const [name, text] of Object.entries(workflows)) await writeFile(join(at, name), text.replaceAll(OURS, "./"));
  const actionlint = join(await programs("actionlint"), "actionlint");
  // Without programs that are there on some machines only.
  return await run(actionlint, ["-no-color", "-shellcheck=", "-pyflakes="], { cwd: folder.path });
}

it("the example workflows are what GitHub takes, and give the action what it knows", async () => {
  const files = [
    ...(await readdir(join(root, "examples/github"))).map((name) => `examples/github/${name}`),
    "examples/compose/deploy.yml",
  ];
  expect(files).toHaveLength(3);
  const texts = await Promise.all(
    files.map(async (file) => [file.replaceAll("/", "-"), await readFile(join(root, file), "utf8")]),
  );
  const workflows = Object.fromEntries(texts) as Record<string, string>;
  expect(await linted(workflows)).toBe("");
  const broken = Object.values(workflows)[0]?.replace("wait:", "weight:") ?? "";
  await expect(linted({ "broken.yml": broken })).rejects.toThrow(/input "weight" is not defined/);
});

type Project = {
  services: Record<
    string,
    {
      image: string;
      restart?: string;
      environment: Record<string, string>;
      depends_on?: Record<string, { condition: string }>;
    }
  >;
};

it("the compose file is one, its migrate runs the web's image before the web, and the web migrates nothing", async () => {
  await using folder = await temporaryFolder("compose");
  await cp(join(root, "examples/compose"), folder.path, { recursive: true });
  const compose = join(await programs("compose"), "compose");
  const config = async (dotenv: string): Promise<Project> => {
    await writeFile(join(folder.path, ".env"), dotenv);
    return JSON.parse(await run(compose, [], { cwd: folder.path })) as Project;
  };
  const template = await readFile(join(folder.path, ".env.example"), "utf8");
  await expect(config(template)).rejects.toThrow(/POSTGRES_PASSWORD is missing a value: set it in .env/);

  const filled = template.replace("POSTGRES_PASSWORD=", "POSTGRES_PASSWORD=secret");
  const { services } = await config(filled);
  const url = "postgres://postgres:secret@db:5432/shop";
  expect(services).toMatchObject({
    migrate: {
      restart: "no",
      environment: { DATABASE_URL: url, DB_MIGRATE_ENABLED: "1", DB_MIGRATE_RUNNER: "compose-migrate-job" },
      depends_on: { db: { condition: "service_healthy" } },
    },
    web: {
      environment: {
        DATABASE_URL: url,
        DB_MIGRATE_ENABLED: "0",
        DB_MIGRATE_RUNNER: "web-startup",
        OPS_MIGRATION_TOKEN: "",
      },
      depends_on: { migrate: { condition: "service_completed_successfully" } },
    },
  });
  expect(services["migrate"]?.image).toBe(services["web"]?.image);

  const knobs =
    "MIGRATE_DB_MIGRATE_ENABLED=0\nWEB_DB_MIGRATE_ENABLED=1\nDATABASE_URL=postgres://elsewhere/shop\nAPP_IMAGE=shop:2\n";
  const turned = await config(`${filled}\n${knobs}`);
  expect(turned.services["migrate"]).toMatchObject({
    image: "shop:2",
    environment: { DB_MIGRATE_ENABLED: "0", DATABASE_URL: "postgres://elsewhere/shop" },
  });
  expect(turned.services["web"]).toMatchObject({ image: "shop:2", environment: { DB_MIGRATE_ENABLED: "1" } });

  // With all that is commented out let in, as it is by default.
  const whole = filled.replaceAll(/^# (?=[A-Z][A-Z0-9_]*=)/gm, "");
  expect((await config(whole)).services["migrate"]?.environment).toMatchObject({
    DATABASE_URL: url,
    DB_MIGRATE_ENABLED: "1",
  });

  // By the real command too, where there is one: it needs no engine for this.
  if (await succeeds("docker", "compose", "version"))
    await run("docker", ["compose", "config", "--quiet"], { cwd: folder.path });
});
