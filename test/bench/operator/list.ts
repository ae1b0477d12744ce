/** The program that lists: the operator's own caches in a process of their own, with nothing else beside them. */
import { LABEL, MANAGED_BY } from "../../../contract/resource/names.ts";
import { connect } from "../../../operator/api/connect.ts";
import { createApi } from "../../../operator/api/request.ts";
import { startCaches } from "../../../operator/watch/caches.ts";
import { fetchList } from "./plain-list.ts";
import { jobsPath, migrationsPath, podsPath } from "./resources.ts";

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
const ours = { labelSelector: `${LABEL.managedBy}=${MANAGED_BY}` };
const lists: [string, Record<string, string>][] = [
  [migrationsPath(namespace), {}],
  [jobsPath(namespace), ours],
  [podsPath(namespace), ours],
];
const plainMs: number[] = [];
let bytes = 0;
for (let time = 0; time < Number(times); time++) {
  const begun = now();
  const sizes = await Promise.all(lists.map(async ([path, query]) => await fetchList(connection, path, query)));
  plainMs.push(now() - begun);
  bytes = sizes.reduce((sum, size) => sum + size, 0);
}
const { migrations, jobs, pods } = caches;
const sizes = { resources: migrations.size, jobs: jobs.size, pods: pods.size, bytes };
console.log(JSON.stringify({ relistMs, plainMs, ...sizes }));
process.exit(0);
