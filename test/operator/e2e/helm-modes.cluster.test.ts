/** The chart database-migration in its modes, by real helms: what becomes of pods, of the release and of the schema. */
import { it } from "vitest";
import type { ExpectStatic } from "vitest";
import { HELMS, helmWith } from "../helm.ts";
import type { Helm } from "../helm.ts";
import { exampleImage } from "./example-images.ts";
import { openExample } from "./example-release.ts";
import { MODES, NAME, openRelease } from "./helm-release.ts";
import type { Mode, Release } from "./helm-release.ts";
import { beginUpgrade } from "./helm-upgrade.ts";
import { sceneOf } from "./scene.ts";
import { LAST, servedImage } from "./sources.ts";
import { openStage } from "./stage.ts";
import { tables } from "./workload.ts";

const scene = sceneOf({ namespace: "e2e-helm" });

const resourceOf = (mode: Mode): string => (mode === "operator" ? `${NAME}-hook` : NAME);
const GOES_BACK = { helm3: ["--atomic"], helm4: ["--rollback-on-failure"] } as const satisfies Record<Helm, string[]>;
/**
 * In mode gate Helm waits for the gated pod until its own time is over. Helm 4's own way to wait looks at the DatabaseMigration as well:
 * on the way back it may meet what is still said of the broken release.
 */
const atomic = (version: Helm, mode: Mode): string[] => [
  ...GOES_BACK[version],
  ...(mode === "gate" ? ["--timeout=20s"] : []),
  ...(mode === "gate" && version === "helm4" ? ["--wait=legacy"] : []),
];
const aheadBy = (last: string): RegExp => new RegExp(`^DatabaseAhead .*0001_a.*${last}`);
const PATIENCE = { timeout: 60_000 };
/** Releases of several revisions, each with pods that start. */
const SLOW = 420_000;
const PAIRS = HELMS.flatMap((version) => MODES.map((mode) => [version, mode] as const));

/** What the hook's Job says of the broken release: the migration; and with an operator, the reason, as its resource does. */
async function tellsOfBroken(at: Release, mode: Mode, expect: ExpectStatic): Promise<void> {
  const log = await at.hookLog();
  expect(log).toContain("0003_c");
  if (mode === "job") return;
  expect(log).toContain("MigrationFailed");
  expect(await at.ready(resourceOf(mode))).toMatch(/MigrationFailed 0003_c/);
}

it.for(PAIRS)(
  "%s, mode %s: what fails leaves the old pods, an upgrade beside another is refused, and the schema is told truly",
  { timeout: SLOW },
  async ([version, mode], { expect }) => {
    await using at = await openRelease(scene(), version, { mode });
    const { db } = at.stage;
    const says = async (of: RegExp): Promise<void> => {
      if (mode === "job") return;
      await expect.poll(async () => await at.ready(resourceOf(mode)), { timeout: 30_000 }).toMatch(of);
    };
    await at.deploy("install", "one");
    const old = await at.runs("one");
    expect(await tables(db)).toEqual(["a"]);

    await expect(at.deploy("upgrade", "broken")).rejects.toThrow(/(pre|post)-upgrade/);
    expect(await at.history()).toEqual(["deployed", "failed"]);
    await tellsOfBroken(at, mode, expect);
    expect(await at.runs("one")).toBe(old);
    // It came to the second of its migrations.
    expect(await tables(db)).toEqual(["a", "b"]);

    await expect(at.deploy("upgrade", "broken", { flags: atomic(version, mode) })).rejects.toThrow(/rolled back/);
    expect(await at.history()).toEqual(["superseded", "failed", "failed", "deployed"]);
    expect(await at.runs("one")).toBe(old);
    await says(mode === "gate" ? aheadBy("0002_b") : /^MigrationFailed 0003_c/);

    const upgrade = await beginUpgrade(at, "three");
    await expect(at.deploy("upgrade", "two")).rejects.toThrow(/another operation .* is in progress/);
    expect(await at.runs("one")).toBe(old);
    await upgrade.unblock();
    expect(await upgrade.ended).toBe("deployed");
    await at.runs("three");
    expect((await at.history()).slice(3)).toEqual(["superseded", "deployed"]);
    await says(/^Applied 0003_alter/);

    await at.helm(["rollback", "web", "1", "--timeout=60s"]);
    await at.runs("one");
    await says(mode === "gate" ? aheadBy("0003_alter") : /^Applied 0003_alter/);
    expect(await columns(at)).toEqual(["id", "b"]);

    // helm.cluster.test.ts does this in mode job.
    if (mode === "job") return;
    await at.helm(["uninstall", "web", "--wait"]);
    await at.deploy("install", "three");
    await at.runs("three");
    await says(/^Applied 0003_alter/);
  },
);

it.for(PAIRS)(
  "%s, mode %s: a hook's Job that is deleted while Helm waits leaves a schema that is whole",
  { timeout: SLOW },
  async ([version, mode], { expect }) => {
    await using at = await openRelease(scene(), version, { mode });
    await at.deploy("install", "one");
    const old = await at.runs("one");
    // Helm 4 waits for what is gone until its own time is over.
    const flags = version === "helm4" ? ["--timeout=40s"] : [];
    const upgrade = await beginUpgrade(at, "altering", { flags, values: { timeoutSeconds: 240 } });
    expect(upgrade.isOn()).toBe(true);
    await at.stage.kubectl("delete", "job", NAME, "--wait=false");

    // A success for Helm 3: the pods of a release start on a schema that isn't theirs. Mode gate is for that.
    if (version === "helm3") expect(await upgrade.ended).toBe("deployed");
    if (version === "helm3" && mode !== "gate") await at.runs("altering");
    else expect(await at.runs("one")).toBe(old);
    expect(await columns(at)).toEqual(["id"]);
    if (mode === "job") await expect.poll(async () => await runs(at), PATIENCE).toEqual(["SUCCESS", "FAILED"]);
    await upgrade.unblock();
    // It was the runner itself in mode job; in the others somebody else's run goes on.
    if (mode !== "job") await expect.poll(async () => await columns(at), PATIENCE).toEqual(["id", "b"]);
    expect(await upgrade.ended).toBe(version === "helm3" ? "deployed" : "failed");
    expect(await columns(at)).toEqual(mode === "job" ? ["id"] : ["id", "b"]);

    // With Helm 3 release and schema agree by now, but for mode job.
    if (version === "helm4" || mode === "job") await at.deploy("upgrade", "altering");
    await at.runs("altering");
    expect(await columns(at)).toEqual(["id", "b"]);
    if (mode === "job") expect(await runs(at)).toEqual(["SUCCESS", "FAILED", "SUCCESS"]);
  },
);

it("the example's own chart in mode gate, from its release 1 to 2", { timeout: SLOW }, async ({ expect }) => {
  await using stage = await openStage(scene());
  const call = await helmWith("helm4", stage.scene.cluster.kubeconfig);
  const helm = async (args: string[], values?: Record<string, unknown>): Promise<string> =>
    await call([...args, `--namespace=${stage.namespace}`], values);
  await using example = await openExample({ ...stage, helm });
  for (const release of [1, 2] as const) {
    await example.deploy(release === 1 ? "install" : "upgrade", release, { migration: { mode: "gate" } });
    await stage.kubectl("rollout", "status", "deployment/web", "--timeout=100s");
    await expect.poll(example.health, PATIENCE).toEqual({ status: "ok", release });
  }
  const query = "select source, version_after from migration_run_log where status = 'SUCCESS' order by started_at";
  expect(await stage.db.query(query)).toEqual(
    ([1, 2] as const).map((release) => ({ source: exampleImage(release), version_after: LAST[release] })),
  );
  await helm(["uninstall", "web", "--wait"]);
  expect(await stage.kubectl("get", "deployments,services,databasemigrations", "--output=name")).toBe("");
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

/** The outcomes that the run log has, oldest first. */
const runs = async ({ stage: { db } }: Release): Promise<string[]> => {
  const query = "select status from lockkeeper.migration_run_log order by started_at";
  return (await db.query<{ status: string }>(query)).map(({ status }) => status);
};

/** Of the table `a`. */
const columns = async ({ stage: { db } }: Release): Promise<string[]> => {
  const query =
    "select column_name as name from information_schema.columns where table_name = 'a' order by ordinal_position";
  return (await db.query<{ name: string }>(query)).map(({ name }) => name);
};
