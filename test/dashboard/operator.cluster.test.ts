/** The dashboard of a real operator process, whose caches watch a real API server: what is written there is seen in the browser. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDashboard } from "../../build/dashboard.ts";
import { API_VERSION, GATE, KIND } from "../../contract/resource/names.ts";
import type { Status } from "../../contract/resource/status.ts";
import type { Api } from "../../operator/api/api.ts";
import { connect } from "../../operator/api/connect.ts";
import { MIGRATIONS } from "../../operator/api/kinds.ts";
import { pathOf } from "../../operator/api/path.ts";
import { createApi } from "../../operator/api/request.ts";
import { systemClock } from "../../operator/clock.ts";
import { clusterUp } from "../cluster/cluster.ts";
import { installOperator } from "../operator/install.ts";
import { startOperator } from "../operator/operator-process.ts";
import type { OperatorProcess } from "../operator/operator-process.ts";
import * as is from "./resources.ts";
import { browserOf, look, shows, signIn } from "./visit.ts";

const HOME = "dashboard-test";
const SHOP = "dashboard-shop";
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases`;
const stack = new AsyncDisposableStack();
const browser = browserOf();
let api: Api;
let operator: OperatorProcess;
let tokenFile: string;
let url: string;

/** Somebody else leads: this replica only watches, and what is written to a status stays as it is. */
const lease = (holderIdentity: string, leaseDurationSeconds: number) => ({
  metadata: { name: "lockkeeper-operator", namespace: HOME },
  spec: { holderIdentity, leaseDurationSeconds },
});

beforeAll(async () => {
  await buildDashboard();
  const cluster = stack.use(await clusterUp({ size: "control-plane" }));
  const installed = stack.use(
    await installOperator(cluster, { namespace: HOME, values: { watch: { allNamespaces: true } } }),
  );
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: SHOP } });
  const connection = connect({ kubeconfig: cluster.kubeconfig, inCluster: false, userAgent: "test" }, systemClock.now);
  stack.defer(() => connection.close());
  api = createApi(connection);
  await api.request("POST", LEASE, { body: lease("another-replica", 3_600) });
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-dashboard-"));
  stack.defer(async () => await rm(folder, { recursive: true }));
  tokenFile = join(folder, "token");
  await writeFile(tokenFile, "a-token-of-this-operator\n");
  const env = { LOCKKEEPER_OPS_TOKEN_FILE: tokenFile };
  operator = stack.use(await startOperator({ kubeconfig: installed.kubeconfig, namespace: HOME, env }));
  const { port } = await operator.line(({ msg }) => msg === "ops is served");
  url = `http://127.0.0.1:${String(port)}`;
});

afterAll(async () => await stack.disposeAsync());

async function create(name: string): Promise<void> {
  const spec = {
    database: { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } },
    source: { image: { ref: is.IMAGE }, path: "/app/drizzle" },
  };
  const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name }, spec };
  await api.request("POST", pathOf(MIGRATIONS, SHOP), { body });
}

/** As the leader does it. */
const tell = async (name: string, status: Status): Promise<void> =>
  void (await api.request("PATCH", `${pathOf(MIGRATIONS, SHOP, name)}/status`, { patch: "merge", body: { status } }));

const gatedPod = (name: string) => ({
  metadata: { name, annotations: { [GATE]: "web" } },
  spec: {
    ...{ schedulingGates: [{ name: GATE }], automountServiceAccountToken: false },
    containers: [{ name: "web", image: "localhost/web:1" }],
  },
});

test("a replica that doesn't lead shows what the leader writes: a wait for a lock as it goes on, the gate, the end", async () => {
  const { page } = await look(browser(), { url, token: "a-token-of-this-operator" });
  await shows(page, "There is no DatabaseMigration in the namespaces that this operator watches.");
  await create("web");
  await shows(page, "the operator hasn't looked at it yet");
  await tell("web", is.running());
  await shows(page, "1 migration, nothing wrong, 1 at work");
  await tell("web", is.blocked());
  await shows(page, "1 of 1 needs attention");
  await shows(page, "blocked by pid 4706 (web, idle in transaction for 7 s)");
  await tell("web", is.blocked(is.blockedBy(5)));
  await shows(page, "blocked by pid 4706 (web, idle in transaction for 8 s)");
  await api
    .request("POST", `/api/v1/namespaces/${SHOP}/serviceaccounts`, { body: { metadata: { name: "default" } } })
    .catch(() => undefined);
  await api.request("POST", `/api/v1/namespaces/${SHOP}/pods`, { body: gatedPod("web-1") });
  await shows(page, "1 pod at the gate");
  await tell("web", is.lockTimeout());
  await shows(page, "blocked by pid 812 (web, idle in transaction for 14m)");
  await tell("web", is.applied());
  await shows(page, "1 migration, nothing wrong");
  await api.request("DELETE", pathOf(MIGRATIONS, SHOP, "web"));
  await shows(page, "No migrations");
});

test("a change of the leader is nothing to who looks, and what this one then writes is seen", async () => {
  await create("ledger");
  const { page } = await look(
    browser(),
    { url, token: "a-token-of-this-operator" },
    { path: `/migrations/${SHOP}/ledger` },
  );
  await shows(page, "the operator hasn't looked at it yet");
  await api.request("PATCH", `${LEASE}/lockkeeper-operator`, { patch: "merge", body: lease("", 1) });
  await shows(page, /the Job .* is starting for/);
  expect(await page.locator(".connection").getAttribute("data-state")).toBe("live");
});

test("when the file's token is another, who is in has to sign in again by it", async () => {
  const { page } = await look(browser(), { url, token: "a-token-of-this-operator" });
  await writeFile(tokenFile, "the-next-token-of-them\n");
  await page.waitForURL(/\/login/);
  await signIn(page, "a-token-of-this-operator");
  await shows(page, "That isn't the token.");
  await signIn(page, "the-next-token-of-them");
  await page.locator(".connection[data-state=live]").waitFor();
});

test("who guesses is held up, and then gets in", async () => {
  const statuses: number[] = [];
  for (let tries = 0; tries < 20; tries++) {
    const response = await fetch(`${url}/login`, {
      method: "POST",
      body: new URLSearchParams({ token: `guess-${tries}` }),
    });
    statuses.push(response.status);
  }
  expect(statuses[0]).toBe(401);
  expect(statuses.at(-1)).toBe(429);
});
