/** Pods at the gate, by what one look asks of the API server and tells. */
import { expect, test } from "vitest";
import { ApiError } from "../api/api.ts";
import { forbidden } from "../reconcile/server.fixture.ts";
import type { RawMigration } from "../watch/migration.ts";
import { stage } from "./pods.fixture.ts";

const MIGRATION = "databasemigrations/web/status";

test("a pod whose release is proved is opened; its patch takes our gate alone, from that very pod", async () => {
  const sent: unknown[] = [];
  const { web, pods } = stage({
    proved: true,
    answer: ({ method, path, body }) => void (method === "PATCH" && path.includes("/pods/") && sent.push(body)),
  });
  const [{ metadata } = { metadata: { uid: "", resourceVersion: "" } }] = pods();
  await web.look();
  const { uid, resourceVersion } = metadata;
  expect(sent).toEqual([
    {
      metadata: { uid, resourceVersion },
      spec: { schedulingGates: [{ $patch: "delete", name: "lockkeeper.dev/migration" }] },
    },
  ]);
  expect(pods()).toEqual([]);
});

test("without the lease nothing is opened", async () => {
  const { web, pods } = stage({ proved: true });
  await web.look();
  const other = stage({ proved: true });
  other.web.context.leads = () => false;
  await expect(other.web.look()).rejects.toThrow("the lease is over");
  expect([pods().length, other.pods().length]).toEqual([0, 1]);
});

test("a pod that was written meanwhile is read again, and looked at again at once", async () => {
  let conflicts = 1;
  const { web, pods } = stage({
    proved: true,
    answer({ method, path }) {
      if (method === "PATCH" && path.includes("/pods/") && conflicts-- > 0) throw new ApiError(409, "Conflict", "");
      if (method !== "GET" || !path.includes("/pods/")) return undefined;
      const [pod] = pods();
      return { ...pod, metadata: { ...pod?.metadata, resourceVersion: "999" } };
    },
  });
  expect(await web.look()).toBe(0);
  expect(pods().map(({ metadata }) => metadata.resourceVersion)).toEqual(["999"]);
  await web.look();
  expect(pods()).toEqual([]);
});

test("a pod that can't be opened keeps no run from being started", async () => {
  const { web, cluster, pods } = stage({
    proved: true,
    answer: ({ method, path }) => {
      if (method === "PATCH" && path.includes("/pods/")) throw forbidden();
    },
  });
  cluster.deploy("web", "web:2");
  for (const one of cluster.deployments.values()) web.stores.deployments.event("MODIFIED", one);
  for (const one of cluster.setsOf("web")) web.stores.replicaSets.event("MODIFIED", one);
  await expect(web.look()).rejects.toThrow("exceeded quota");
  expect(pods()).toHaveLength(1);
  expect(web.calls).toContain("POST jobs");
});

test("two resources that prove the same pod at the same moment: the later one opens it", async () => {
  let isWritten = false;
  const { web, applied, pods } = stage({
    names: "web,billing",
    answer: ({ path }) => {
      if (!path.includes(MIGRATION) || isWritten) return;
      isWritten = true;
      // Its write comes between the look at this one and what that writes.
      const raw = web.migration();
      const metadata = { ...raw.metadata, name: "billing", uid: "uid-billing" };
      const billing = { ...raw, metadata } as RawMigration;
      web.stores.migrations.event("ADDED", { ...billing, status: applied(billing) });
    },
  });
  const raw = web.migration();
  const metadata = { ...raw.metadata, resourceVersion: "77" };
  web.stores.migrations.event("MODIFIED", { ...raw, metadata, status: applied(raw) });
  expect(await web.look()).toBe(0);
  expect(pods()).toHaveLength(1);
  await web.look();
  expect(pods()).toEqual([]);
});

test.each([
  ["that names nobody", "", "shop/", "MigrationNotNamed: it has the gate lockkeeper.dev/migration and no annotation"],
  ["that names what isn't there", "ghost", "shop/ghost", "MigrationNotFound: there is no DatabaseMigration ghost"],
])("a pod %s is told of, once it has waited for a while", async (_what, names, key, message) => {
  const { web, cluster, set } = stage({ names });
  await web.look(key);
  const told = [`Pod ${message}`, `Deployment ${message.replace(": ", ": new pods wait: ")}`];
  expect(web.events.map((text, index) => text.slice(0, told[index]?.length))).toEqual(told);
  await web.look(key);
  expect(web.events).toHaveLength(2);
  // What is made together with it may come after it.
  cluster.addPod(set, { names });
  const young = [...cluster.pods.values()].at(-1);
  if (young === undefined) throw new Error("no pod");
  young.metadata.creationTimestamp = new Date(web.clock.wall() - 2_000).toISOString();
  web.stores.gated.event("ADDED", young);
  expect(await web.look(key)).toBe(3_000);
  expect(web.events).toHaveLength(2);
  await web.clock.pass(3_000);
  expect(await web.look(key)).toBeNull();
  expect(web.events.filter((text) => text.startsWith("Pod"))).toHaveLength(2);
});

test("a pod whose resource can't be used is told why", async () => {
  const { web } = stage();
  web.change({ source: { path: "/app/drizzle" }, database: 7 });
  await web.look();
  expect(web.events.filter((text) => text.startsWith("Pod InvalidSpec: the spec can't be used"))).toHaveLength(1);
});
