/** The charts by real helms on a real cluster: a hook that migrates, and the operator with its test. */
import { randomBytes } from "node:crypto";
import { describe, inject, it } from "vitest";
import { database } from "../../postgres/database.ts";
import type { TestDatabase } from "../../postgres/database.ts";
import { CANARY, leaks } from "../../runner/canary.ts";
import { chartFolder, HELMS, helmWith } from "../helm.ts";
import type { Helm } from "../helm.ts";
import { applyCrd } from "../install.ts";
import { exampleImage } from "./example-images.ts";
import { openExample } from "./example-release.ts";
import { sharedCluster } from "./scene.ts";
import { LAST } from "./sources.ts";
import type { ExampleRelease } from "./sources.ts";
import { forPods } from "./stage.ts";

type Json = Record<string, unknown>;

/** A restricted namespace with a Secret that names a database, and a helm for it. */
async function place(version: Helm) {
  const cluster = await sharedCluster();
  await using stack = new AsyncDisposableStack();
  const namespace = `helm-${randomBytes(4).toString("hex")}`;
  const db = stack.use(await database());
  const role = await db.role("app", { grants: ["create on schema public"], password: CANARY });
  await db.query(`grant create on database ${db.name} to ${role.name}`);
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const stringData = { DATABASE_URL: forPods(role.url), noUrl: "not a connection" };
  await cluster.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
    { apiVersion: "v1", kind: "Secret", metadata: { name: "web-db", namespace }, stringData },
  );
  stack.defer(async () => void (await cluster.kubectl("delete", "namespace", namespace, "--wait=false")));
  const helm = await helmWith(version, cluster.kubeconfig);
  const kept = stack.move();
  return {
    ...{ cluster, namespace, db },
    helm: async (args: string[], values?: Json) => await helm([...args, `--namespace=${namespace}`], values),
    kubectl: async (...args: string[]) => await cluster.kubectl("-n", namespace, ...args),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

const [repository = "", tag = ""] = inject("image").split(/:(?=[^:]*$)/);
const image = { repository, tag };
/** How each release's files leave its image. */
const COPY = { 1: "InitContainer", 2: "ImageVolume" } as const satisfies Record<ExampleRelease, string>;

/** What the newest run says of itself in the app's own run log. */
async function told({ query }: TestDatabase) {
  const [run] = await query<Json>(
    `select runner, source, status, version_after, error_migration from public.migration_run_log
     order by started_at desc limit 1`,
  );
  return run;
}

describe.each(HELMS)("%s", (version) => {
  it("releases the example by its own chart; a failed migration fails the upgrade and leaves the old pods", async ({
    expect,
  }) => {
    await using at = await place(version);
    await using example = await openExample(at);
    const deploy = async (command: "install" | "upgrade", release: ExampleRelease): Promise<string> =>
      await example.deploy(command, release, { flags: ["--wait"], migration: { source: { copy: COPY[release] } } });
    const web = async (): Promise<string> => (await example.pods()).join(" ");

    await deploy("install", 1);
    const success = { runner: "helm-hook", status: "SUCCESS", error_migration: null };
    expect(await told(at.db)).toEqual({ ...success, source: exampleImage(1), version_after: LAST[1] });
    const old = await example.pods();
    expect(old).toEqual([[expect.anything(), exampleImage(1), "Running"]]);
    expect(await example.health()).toEqual({ status: "ok", release: 1 });

    // Release 2 adds it.
    await at.db.query("alter table workouts add column effort smallint");
    await expect(deploy("upgrade", 2)).rejects.toThrow(/pre-upgrade.*failed/s);
    expect(await told(at.db)).toMatchObject({ status: "FAILED", error_migration: "0011_steady_juggernaut" });
    expect(await example.pods()).toEqual(old);
    const history = JSON.parse(await at.helm(["history", "web", "--output=json"])) as { status: string }[];
    expect(history.map(({ status }) => status)).toEqual(["deployed", "failed"]);
    const ended = "{.items[0].status.containerStatuses[0].state.terminated.exitCode}";
    const job = ["--selector=job-name=web-database-migration", `--output=jsonpath=${ended}`];
    expect(await at.kubectl("get", "pods", ...job)).toBe("11");
    const log = await at.kubectl("logs", "job/web-database-migration");
    expect(log).toContain("0011_steady_juggernaut");
    expect(leaks({ log, pod: await at.kubectl("get", "pods", "--output=json") })).toEqual([]);

    await at.db.query("alter table workouts drop column effort");
    await deploy("upgrade", 2);
    expect(await told(at.db)).toEqual({ ...success, source: exampleImage(2), version_after: LAST[2] });
    expect(await web()).toContain(exampleImage(2));
    await expect.poll(example.health, { timeout: 20_000 }).toEqual({ status: "ok", release: 2 });

    await at.helm(["uninstall", "web", "--wait"]);
    await deploy("install", 2);
    expect(await web()).toContain(exampleImage(2));
    expect(await example.health()).toEqual({ status: "ok", release: 2 });
  });

  it("installs the operator, whose test migrates a database, and tells what keeps it from it", async ({ expect }) => {
    await using at = await place(version);
    await applyCrd(at.cluster);
    const values = { crds: { enabled: false }, image, test: { databaseUrlSecret: { name: "web-db" } } };
    const chart = chartFolder("lockkeeper");
    // Its policies are in no namespace, and would hold for other tests.
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => void (await at.helm(["uninstall", "keeper", "--ignore-not-found"])));
    await at.helm(["install", "keeper", chart, "--wait", "--timeout=120s"], values);
    await at.helm(["test", "keeper"]);
    expect(await at.db.query("select * from lockkeeper.helm_test_history")).toHaveLength(1);
    expect(await at.kubectl("get", "databasemigrations,roles,pods", "--output=name")).not.toContain("test");

    const noUrl = { databaseUrlSecret: { name: "web-db", key: "noUrl" } };
    await at.helm(["upgrade", "keeper", chart], { ...values, test: noUrl });
    await expect(at.helm(["test", "keeper"])).rejects.toThrow(/keeper-lockkeeper-test/);
    expect(await at.kubectl("logs", "keeper-lockkeeper-test")).toContain("InvalidInput: DATABASE_URL is not");
    expect(await at.kubectl("get", "databasemigrations", "--output=name")).toBe("");
  });
});
