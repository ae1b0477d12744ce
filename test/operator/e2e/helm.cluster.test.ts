/** The charts by real helms on a real cluster: a hook that migrates, and the operator with its test. */
import { randomBytes } from "node:crypto";
import { describe, expect, inject, it } from "vitest";
import { temporaryFolder } from "../../images/folder.ts";
import { database } from "../../postgres/database.ts";
import type { TestDatabase } from "../../postgres/database.ts";
import { CANARY, leaks } from "../../runner/canary.ts";
import { chartFolder, HELMS, helmWith } from "../helm.ts";
import type { Helm } from "../helm.ts";
import { applyCrd } from "../install.ts";
import { writeAppChart } from "./app-chart.ts";
import { sharedCluster } from "./scene.ts";
import { appImage, bareImage, LAST } from "./sources.ts";
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

/** The last migration that is applied, and what the newest run says of itself. */
async function told({ query }: TestDatabase) {
  const [run] = await query<Json>(
    `select runner, source, status, version_after, error_migration from lockkeeper.migration_run_log
     order by started_at desc limit 1`,
  );
  return run;
}

describe.each(HELMS)("%s", (version) => {
  it("migrates before a release's pods, and a failed migration fails the upgrade and leaves the old pods", async () => {
    await using at = await place(version);
    await using folder = await temporaryFolder("app-chart");
    await writeAppChart(folder.path);
    await at.helm(["dependency", "update", folder.path]);
    const deploy = async (command: string, source: Json & { image: string }) =>
      await at.helm([command, "web", folder.path, "--wait", "--timeout=120s"], {
        global: { image: source.image },
        runs: inject("image"),
        "database-migration": {
          image,
          timeoutSeconds: 120,
          source: { ...source, image: "{{ .Values.global.image }}" },
          database: { urlSecret: { name: "web-db" } },
        },
      });
    const pods = async (...args: string[]) => (await at.kubectl("get", "pods", ...args)).trim().split(/\s+/);
    const web = async () =>
      await pods(
        "--selector=app=web",
        "--output=jsonpath={range .items[*]}{.metadata.uid} {.spec.containers[0].env[0].value} {.status.phase}{end}",
      );

    await deploy("install", { image: appImage(1), copy: "InitContainer" });
    const success = { runner: "helm-hook", status: "SUCCESS", error_migration: null };
    expect(await told(at.db)).toEqual({ ...success, source: appImage(1), version_after: LAST[1] });
    const old = await web();
    expect(old.slice(1)).toEqual([appImage(1), "Running"]);

    // Release 2 adds it.
    await at.db.query("alter table workouts add column effort smallint");
    await expect(deploy("upgrade", { image: bareImage(2), copy: "ImageVolume" })).rejects.toThrow(
      /pre-upgrade.*failed/s,
    );
    expect(await told(at.db)).toMatchObject({ status: "FAILED", error_migration: "0011_steady_juggernaut" });
    expect(await web()).toEqual(old);
    const history = JSON.parse(await at.helm(["history", "web", "--output=json"])) as { status: string }[];
    expect(history.map(({ status }) => status)).toEqual(["deployed", "failed"]);
    const selector = "--selector=job-name=web-database-migration";
    const ended = "{.items[0].status.containerStatuses[0].state.terminated.exitCode}";
    expect(await pods(selector, `--output=jsonpath=${ended}`)).toEqual(["11"]);
    const log = await at.kubectl("logs", "job/web-database-migration");
    expect(log).toContain("0011_steady_juggernaut");
    expect(leaks({ log, pod: await at.kubectl("get", "pods", "--output=json") })).toEqual([]);

    await at.db.query("alter table workouts drop column effort");
    await deploy("upgrade", { image: bareImage(2), copy: "ImageVolume" });
    expect(await told(at.db)).toEqual({ ...success, source: bareImage(2), version_after: LAST[2] });
    expect((await web()).join()).toContain(bareImage(2));

    await at.helm(["uninstall", "web", "--wait"]);
    await deploy("install", { image: bareImage(2), copy: "ImageVolume" });
    expect((await web()).join()).toContain(bareImage(2));
  });

  it("installs the operator, whose test migrates a database, and tells what keeps it from it", async () => {
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
