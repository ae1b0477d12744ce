/** The program that lists: the operator's own caches in a process of their own, with nothing else beside them. */
import { connect } from "../../../operator/api/connect.ts";
import { createApi } from "../../../operator/api/request.ts";
import { startCaches } from "../../../operator/watch/caches.ts";

const [kubeconfig = "", namespace = "", times = "1"] = process.argv.slice(2);
const now = (): number => performance.now();
const connection = connect({ kubeconfig, inCluster: false, userAgent: "lockkeeper-bench" }, now);
const caches = startCaches({
  ...{ api: createApi(connection), namespaces: [namespace], now },
  onChange: () => {},
  signal: new AbortController().signal,
});
await caches.synced;
const relistMs: number[] = [];
for (let time = 0; time < Number(times); time++) {
  const begun = now();
  await caches.relist();
  relistMs.push(now() - begun);
}
const { migrations, jobs, pods } = caches;
console.log(JSON.stringify({ relistMs, resources: migrations.size, jobs: jobs.size, pods: pods.size }));
process.exit(0);
