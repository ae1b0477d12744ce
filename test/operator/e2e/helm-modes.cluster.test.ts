/** The chart database-migration in its modes, by real helms: what becomes of pods, of the release and of the schema. */
import { it } from "vitest";
import type { ExpectStatic } from "vitest";
import { HELMS } from "../helm.ts";
import type { Helm } from "../helm.ts";
import { NAME, openRelease } from "./helm-release.ts";
import type { Mode, Release } from "./helm-release.ts";
import { until } from "./recorder.ts";
import { sceneOf } from "./scene.ts";
import { servedImage } from "./sources.ts";
import { tables } from "./workload.ts";

const scene = sceneOf({ namespace: "e2e-helm" });

const resourceOf = (mode: Mode): string => (mode === "operator" ? `${NAME}-hook` : NAME);
const ATOMIC = { helm3: "--atomic", helm4: "--rollback-on-failure" } as const satisfies Record<Helm, string>;
const AHEAD = /^DatabaseAhead .*0001_a.*0002_b/;
/** Releases of several revisions, each with pods that start. */
const SLOW = 300_000;
/** Each helm and each mode in each scene, but not all pairs: what takes time is starting pods. */
const PAIRS = [
  ["helm3", "operator"],
  ["helm4", "gate"],
] as const;
const OTHER_PAIRS = [
  ["helm4", "operator"],
  ["helm3", "gate"],
] as const;

/** What the hook's Job and the resource say of the broken release: its reason, and the migration. */
async function tellsOfBroken(at: Release, mode: Mode, expect: ExpectStatic): Promise<void> {
  expect(await at.hookLog()).toMatch(/MigrationFailed[\s\S]*0003_c/);
  expect(await at.ready(resourceOf(mode))).toMatch(/MigrationFailed 0003_c/);
}

it.for(PAIRS)(
  "%s, mode %s: a broken release fails with its reason, the old pods go on, and the schema is told truly",
  { timeout: SLOW },
  async ([version, mode], { expect }) => {
    await using at = await openRelease(scene(), version, { mode });
    const { db } = at.stage;
    await at.deploy("install", "one");
    const old = await at.runs("one");
    expect(await tables(db)).toEqual(["a"]);

    await expect(at.deploy("upgrade", "broken")).rejects.toThrow(/(pre|post)-upgrade/);
    expect(await at.history()).toEqual(["deployed", "failed"]);
    await tellsOfBroken(at, mode, expect);
    expect(await at.runs("one")).toBe(old);
    // It came to the second of its migrations.
    expect(await tables(db)).toEqual(["a", "b"]);

    await at.deploy("upgrade", "two");
    await at.runs("two");
    expect(await at.ready(resourceOf(mode))).toMatch(/^Applied /);
    await at.helm(["uninstall", "web", "--wait"]);
    await at.deploy("install", "two");
    await at.runs("two");
  },
);

it.for(OTHER_PAIRS)(
  "%s, mode %s: an atomic upgrade and a rollback leave the schema ahead, and the resource says so",
  { timeout: SLOW },
  async ([version, mode], { expect }) => {
    await using at = await openRelease(scene(), version, { mode });
    const { db } = at.stage;
    const says = async (of: RegExp): Promise<void> =>
      await expect.poll(async () => await at.ready(resourceOf(mode)), { timeout: 30_000 }).toMatch(of);
    await at.deploy("install", "one");
    const old = await at.runs("one");
    // In mode gate Helm waits for the gated pod until its own time is over, and goes back.
    await expect(
      at.deploy("upgrade", "broken", { flags: [ATOMIC[version], ...(mode === "gate" ? ["--timeout=30s"] : [])] }),
    ).rejects.toThrow();
    expect((await at.history()).slice(1)).toEqual(["failed", "deployed"]);
    expect(await at.runs("one")).toBe(old);
    await says(mode === "gate" ? AHEAD : /^MigrationFailed 0003_c/);

    await at.deploy("upgrade", "two");
    await at.runs("two");
    await at.helm(["rollback", "web", "1", "--timeout=60s"]);
    await at.runs("one");
    await says(mode === "gate" ? AHEAD : /^Applied 0002_b/);
    expect(await tables(db)).toEqual(["a", "b"]);
  },
);

it.for(HELMS)(
  "%s: a rollback and an atomic upgrade in mode job leave the schema ahead, and the old pods",
  { timeout: SLOW },
  async (version, { expect }) => {
    await using at = await openRelease(scene(), version, { mode: "job" });
    await at.deploy("install", "one");
    const old = await at.runs("one");
    await expect(at.deploy("upgrade", "broken", { flags: [ATOMIC[version]] })).rejects.toThrow(/pre-upgrade/);
    expect(await at.history()).toEqual(["superseded", "failed", "deployed"]);
    expect(await at.runs("one")).toBe(old);
    await at.deploy("upgrade", "two");
    await at.runs("two");
    await at.helm(["rollback", "web", "1"]);
    await at.runs("one");
    expect(await tables(at.stage.db)).toEqual(["a", "b"]);
  },
);

it.for([
  ["helm3", "job"],
  ["helm4", "operator"],
] as const)(
  "%s, mode %s: an upgrade while a migration runs is refused, and the migration goes on",
  { timeout: SLOW },
  async ([version, mode], { expect }) => {
    await using at = await openRelease(scene(), version, { mode });
    await at.deploy("install", "one");
    const old = await at.runs("one");
    const reader = await at.stage.reader("a");
    const first = at.deploy("upgrade", "altering");
    first.catch(() => {});
    await waits(at);
    await expect(at.deploy("upgrade", "two")).rejects.toThrow(/another operation .* is in progress/);
    expect(await at.runs("one")).toBe(old);
    await reader.end();
    await first;
    await at.runs("altering");
    expect(await at.history()).toEqual(["superseded", "deployed"]);
  },
);

it.for(HELMS)(
  "%s, mode job: a hook's Job that is deleted while Helm waits leaves a schema that is whole",
  { timeout: SLOW },
  async (version, { expect }) => {
    await using at = await openRelease(scene(), version, { mode: "job" });
    await at.deploy("install", "one");
    const reader = await at.stage.reader("a");
    const upgrade = at.deploy("upgrade", "altering", { flags: ["--timeout=15s"] }).then(
      () => "deployed",
      () => "failed",
    );
    await waits(at);
    await at.stage.kubectl("delete", "job", NAME, "--wait=false");
    // A success for Helm 3: the pods of a release would start on a schema that isn't theirs. Mode gate is for that.
    expect(await upgrade).toBe({ helm3: "deployed", helm4: "failed" }[version]);
    await until(
      async () => (await runLog(at)).at(-1)?.status === "FAILED",
      () => "the run is recorded as failed",
    );
    await reader.end();
    expect(await columns(at)).toEqual(["id"]);
    await at.deploy("upgrade", "altering");
    expect(await columns(at)).toEqual(["id", "b"]);
    expect((await runLog(at)).map(({ status }) => status)).toEqual(["SUCCESS", "FAILED", "SUCCESS"]);
  },
);

it("mode gate: a hook's Job that is deleted while Helm waits starts no pod", { timeout: SLOW }, async ({ expect }) => {
  await using at = await openRelease(scene(), "helm3", { mode: "gate" });
  await at.deploy("install", "one");
  const old = await at.runs("one");
  const reader = await at.stage.reader("a");
  const upgrade = at.deploy("upgrade", "altering");
  await waits(at);
  await at.stage.kubectl("delete", "job", NAME, "--wait=false");
  await upgrade;
  expect(await at.runs("one")).toBe(old);
  await reader.end();
  await at.runs("altering");
  expect(await columns(at)).toEqual(["id", "b"]);
});

it.for(HELMS)(
  "%s: a release goes from one mode to the next, and back",
  { timeout: SLOW },
  async (version, { expect }) => {
    await using at = await openRelease(scene(), version, { mode: "job" });
    const resources = async (): Promise<string[]> =>
      (await at.stage.kubectl("get", "databasemigrations", "-o=name")).split("\n").filter(Boolean);
    const one = (name: string): string => `databasemigration.lockkeeper.dev/${name}`;
    await at.deploy("install", "one");
    await at.deploy("upgrade", "one", { mode: "operator" });
    expect(await resources()).toEqual([one(`${NAME}-hook`)]);
    const notes = await at.deploy("upgrade", "two", { mode: "gate" });
    await at.runs("two");
    expect(notes).toContain(`delete databasemigration ${NAME}-hook`);
    expect(await resources()).toEqual([one(NAME), one(`${NAME}-hook`)]);
    await at.deploy("upgrade", "one", { mode: "operator" });
    await at.runs("one");
    expect(await resources()).toEqual([one(`${NAME}-hook`)]);
    expect(await at.ready(`${NAME}-hook`)).toMatch(/^DatabaseAhead/);
    await at.deploy("upgrade", "two", { mode: "job" });
    await at.runs("two");
    expect(await at.running()).toEqual([expect.stringContaining(servedImage("two"))]);
  },
);

/** Until a run waits for the table that the reader holds. */
async function waits({ stage: { db } }: Release): Promise<void> {
  const query = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  await until(
    async () => (await db.query(query)).length > 0,
    () => "a migration waits for the table",
  );
}

const runLog = async ({ stage: { db } }: Release): Promise<{ status: string }[]> =>
  await db.query<{ status: string }>("select status from lockkeeper.migration_run_log order by started_at");

const columns = async ({ stage: { db } }: Release): Promise<string[]> => {
  const query =
    "select column_name as name from information_schema.columns where table_name = 'a' order by ordinal_position";
  return (await db.query<{ name: string }>(query)).map(({ name }) => name);
};
