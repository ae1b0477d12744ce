/** `helm test`: makes a DatabaseMigration of a ConfigMap, and waits for what the operator says of it. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const account = "/var/run/secrets/kubernetes.io/serviceaccount";
const token = readFileSync(`${account}/token`, "utf8");
/** Names only: this program never sees the connection. */
const [namespace, configMap, name, key] = process.argv.slice(2);
const collection = `https://kubernetes.default.svc/apis/lockkeeper.dev/v1alpha1/namespaces/${namespace}/databasemigrations`;
const mostSeconds = 240;

async function ask(method, url, content) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const body = content === undefined ? null : JSON.stringify(content);
  const answer = await fetch(url, { method, headers, body, signal: AbortSignal.timeout(10_000) });
  const object = await answer.json();
  if (!answer.ok) throw new Error(`The API server refuses: ${object.message}`);
  return object;
}

/** What came of it; it throws where that is no success. */
async function outcome(url) {
  let last = "The operator hasn't said anything of it: is it running, and does it watch this namespace?";
  for (const end = Date.now() + mostSeconds * 1000; Date.now() < end; await sleep(500)) {
    const { conditions = [] } = (await ask("GET", url)).status ?? {};
    const condition = (type) => conditions.find((one) => one.type === type);
    const ready = condition("Ready");
    if (ready?.status === "True") return `${ready.reason}: ${ready.message}`;
    if (ready !== undefined) last = `${ready.reason}: ${ready.message}`;
    if (condition("Stalled")?.status === "True") throw new Error(last);
  }
  throw new Error(`Not in ${mostSeconds} s. ${last}`);
}

const made = await ask("POST", collection, {
  apiVersion: "lockkeeper.dev/v1alpha1",
  kind: "DatabaseMigration",
  metadata: { generateName: "helm-test-" },
  spec: {
    database: { urlFrom: { secretKeyRef: { name, key } } },
    source: { configMap: { name: configMap }, format: "Sql" },
    history: { format: "Lockkeeper", table: "lockkeeper.helm_test_history" },
    lock: { wait: "30s" },
    retry: { limit: 3, backoff: "2s", max: "10s" },
    runLog: { enabled: false },
    drift: { interval: "0s" },
  },
});
const url = `${collection}/${made.metadata.name}`;
try {
  console.log(await outcome(url));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await ask("DELETE", url);
}
