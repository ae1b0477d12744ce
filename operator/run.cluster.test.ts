/** The operator's life on a real API server, under its own account; what it does to a resource is left out. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { clusterUp } from "../test/cluster/cluster.ts";
import type { Cluster } from "../test/cluster/provider.ts";
import { installOperator } from "../test/operator/install.ts";
import type { Installed } from "../test/operator/install.ts";
import { connect } from "./api/connect.ts";
import { createApi } from "./api/request.ts";
import { systemClock } from "./clock.ts";
import { openLog } from "./log.ts";
import { openInstruments } from "./metrics/instruments.ts";
import { Misconfigured } from "./misconfigured.ts";
import { startOperator } from "./run.ts";
import type { Deps, World } from "./run.ts";

const namespace = "run-test";
let cluster: Cluster;
let installed: Installed;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  installed = await installOperator(cluster, { namespace });
});

afterAll(async () => {
  await installed[Symbol.asyncDispose]();
  await cluster.kubectl("delete", "namespace", namespace, "--wait=false");
  await cluster.down();
});

type Line = { msg: string; port?: number; right?: string; [key: string]: unknown };

async function until(fits: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await fits()); await sleep(20)) {
    if (Date.now() > end) throw new Error("what was waited for didn't come in 30 s");
  }
}

function start(identity: string, { kubeconfig = installed.kubeconfig, namespaces = [namespace] } = {}) {
  const connection = connect({ kubeconfig, inCluster: false, userAgent: "test" }, systemClock.now);
  const controller = new AbortController();
  const lines: Line[] = [];
  const log = openLog({
    level: "info",
    write: (line) => lines.push(JSON.parse(line) as Line),
    wall: systemClock.wall,
  });
  const state = { worlds: [] as World[], looked: [] as string[], closed: 0, hold: null as Promise<void> | null };
  const deps: Deps = {
    ...{ api: createApi(connection), clock: systemClock, log, signal: controller.signal },
    openOps: async () => ({ async [Symbol.asyncDispose]() {} }),
    instruments: openInstruments(),
    openReconciler: async (world) => {
      state.worlds.push(world);
      return {
        async reconcile(key) {
          state.looked.push(key);
          await state.hold;
          return null;
        },
        async close() {
          state.closed++;
        },
      };
    },
  };
  const lease = { namespace, name: "lockkeeper-operator", identity };
  const ended = startOperator({ namespaces, lease, concurrency: 4, healthPort: 0 }, deps);
  ended.catch(() => undefined);
  const stop = async () => {
    controller.abort();
    return await ended;
  };
  const ask = async (path: string) => {
    const port = lines.find((line) => line.port !== undefined)?.port;
    if (port === undefined) return { status: 0, text: "" };
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return { status: response.status, text: await response.text() };
  };
  onTestFinished(async () => {
    await stop().catch(() => undefined);
    connection.close();
  });
  return { ...{ ended, lines, ask, stop }, state };
}

const resource = (name: string) => ({
  apiVersion: "lockkeeper.dev/v1alpha1",
  kind: "DatabaseMigration",
  metadata: { name, namespace },
  spec: {
    database: { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } },
    source: { configMap: { name: "web-migrations" } },
  },
});

const holder = async (): Promise<string> =>
  await cluster.kubectl(
    ...["get", "lease", "lockkeeper-operator", "-n", namespace, "--ignore-not-found"],
    "--output=jsonpath={.spec.holderIdentity}",
  );

test("it gets ready, looks at what is there and at what changes, and stops with the lease released", async () => {
  await cluster.apply(resource("before"));
  const { ask, ended, lines, state, stop } = start("a");
  await until(() => state.looked.includes(`${namespace}/before`));
  expect((await ask("/readyz")).status).toBe(200);
  expect((await ask("/healthz")).text).toContain("ok leader: leading");
  await cluster.apply(resource("after"));
  await until(() => state.looked.includes(`${namespace}/after`));
  expect(await holder()).toBe("a");
  expect(await stop()).toBe("stopped");
  await ended;
  expect(await holder()).toBe("");
  expect(state.closed).toBe(1);
  expect(state.worlds[0]?.leading.leads()).toBe(false);
  expect(lines.filter(({ level }) => level !== "info")).toEqual([]);
});

test("a second one stands by, ready and without work, and takes over when the first one stops", async () => {
  const first = start("a");
  await until(() => first.state.worlds.length === 1);
  const second = start("b");
  await until(async () => (await second.ask("/readyz")).status === 200);
  expect((await second.ask("/healthz")).text).toContain("ok leader: standing by");
  await cluster.apply(resource("meanwhile"));
  await until(() => first.state.looked.includes(`${namespace}/meanwhile`));
  expect(second.state.worlds).toEqual([]);
  await first.stop();
  await until(() => second.state.looked.includes(`${namespace}/meanwhile`));
  expect(await holder()).toBe("b");
});

test("what runs when it is to stop is waited for, with the lease kept meanwhile", async () => {
  const { ask, state, stop } = start("a");
  await until(() => state.worlds.length === 1);
  const held = Promise.withResolvers<void>();
  state.hold = held.promise;
  await cluster.apply(resource("held"));
  await until(() => state.looked.includes(`${namespace}/held`));
  const ended = stop();
  await until(async () => (await ask("/readyz")).text.includes("failed process: stopping"));
  expect(await holder()).toBe("a");
  expect(state.closed).toBe(0);
  held.resolve();
  expect(await ended).toBe("stopped");
  expect(await holder()).toBe("");
});

test("what doesn't end keeps it from stopping for a while only, and may not act any more", async () => {
  const { lines, state, stop } = start("a");
  await until(() => state.worlds.length === 1);
  state.hold = new Promise(() => undefined);
  await cluster.apply(resource("endless"));
  await until(() => state.looked.includes(`${namespace}/endless`));
  expect(await stop()).toBe("stopped");
  expect(lines.some(({ msg }) => msg === "stopping without waiting for what still runs")).toBe(true);
  expect(state.worlds[0]?.leading.leads()).toBe(false);
  expect(await holder()).toBe("");
});

test("a lease that somebody else takes ends it, without another act", async () => {
  const { ended, state } = start("a");
  await until(() => state.worlds.length === 1);
  const patch = { spec: { holderIdentity: "thief" } };
  await cluster.kubectl(
    ...["patch", "lease", "lockkeeper-operator", "-n", namespace],
    ...["--type=merge", `--patch=${JSON.stringify(patch)}`],
  );
  expect(await ended).toBe("lost");
  expect(state.worlds[0]?.leading.leads()).toBe(false);
  expect(await holder()).toBe("thief");
  await cluster.kubectl("delete", "lease", "lockkeeper-operator", "-n", namespace);
});

test("an API server that isn't there is waited for, alive and not ready, and a stop doesn't wait for it", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-run-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const kubeconfig = join(folder, "kubeconfig");
  const text = await readFile(installed.kubeconfig, "utf8");
  await writeFile(kubeconfig, text.replaceAll(/"server":\s*"[^"]*"/g, '"server":"https://127.0.0.1:1"'));
  const { ask, lines, stop } = start("a", { kubeconfig });
  await until(() => lines.some(({ msg }) => msg === "the API server doesn't answer yet"));
  expect((await ask("/healthz")).status).toBe(200);
  expect(await ask("/readyz")).toMatchObject({ status: 503, text: expect.stringContaining("failed caches") });
  expect(await stop()).toBe("stopped");
});

test("a namespace in which it has no rights ends it with a message that names them", async () => {
  const { ended } = start("a", { namespaces: [namespace, "default"] });
  const error: unknown = await ended.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Misconfigured);
  expect((error as Misconfigured).message).toMatch(/may not list .* in the namespace default/);
});

test("each right that is missing is told by its name at the start; one that it can do without, in the log", async () => {
  const roles = await cluster.kubectl("get", "roles", "-n", namespace, "--output=json");
  const { items } = JSON.parse(roles) as { items: { metadata: { name: string }; rules: Rule[] }[] };
  const granted = items.find(({ rules }) => rules.some(({ resources }) => resources.includes("jobs")));
  if (granted === undefined) throw new Error("The chart made no Role for Jobs.");
  const restrict = async (rules: Rule[]) =>
    await cluster.kubectl(
      ...["patch", "role", granted.metadata.name, "-n", namespace, "--type=merge"],
      `--patch=${JSON.stringify({ rules })}`,
    );
  onTestFinished(async () => void (await restrict(granted.rules)));

  await restrict(granted.rules.filter(({ resources }) => !resources.includes("pods/log")));
  const able = start("a");
  await until(() => able.state.worlds.length === 1);
  expect(able.lines.find(({ msg }) => msg === "a right is missing")).toMatchObject({
    right: `get pods/log in the namespace ${namespace}`,
    without: "live progress",
  });
  await able.stop();

  const without = (...verbs: string[]): Rule[] =>
    granted.rules
      .map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => !verbs.includes(verb)) }))
      .filter(({ verbs: left }) => left.length > 0);
  await restrict(without("create", "patch"));
  const error: unknown = await start("a").ended.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Misconfigured);
  expect(error).toMatchObject({
    message:
      `The operator may not patch databasemigrations/status of lockkeeper.dev in the namespace ${namespace}, ` +
      `nor create jobs of batch in the namespace ${namespace}, nor patch pods in the namespace ${namespace}.`,
  });
});

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[] };

test("without the CRD it ends with a message that names it", async () => {
  await cluster.kubectl("delete", "crd", "databasemigrations.lockkeeper.dev");
  const error: unknown = await start("a").ended.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Misconfigured);
  expect((error as Misconfigured).message).toContain("install the CRD databasemigrations.lockkeeper.dev");
});
