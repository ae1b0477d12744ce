/** The operator's chart on a test's cluster, and the operator's own account to run the operator with. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../cluster/provider.ts";
import { render } from "./helm.ts";
import type { Manifest } from "./helm.ts";

const CRD = "databasemigrations.lockkeeper.dev";

export type InstallOptions = {
  /** Made if it isn't there. */
  namespace: string;
  /** Of charts/lockkeeper. */
  values?: Record<string, unknown>;
  /** Install the Deployment too. Otherwise a test runs the operator from source (operator-process.ts). */
  deployment?: boolean;
};

export type Installed = AsyncDisposable & {
  namespace: string;
  /** The user that the operator is. */
  user: string;
  /** A kubeconfig with the token of the operator's ServiceAccount: with the rights that the chart gives, and no others. */
  kubeconfig: string;
};

/**
 * Installs what the chart renders, and returns once resources can be created and the policies on the operator's own
 * account hold. On a cluster that the test didn't start, the end of the scope removes all but namespace and CRD.
 */
export async function installOperator(cluster: Cluster, options: InstallOptions): Promise<Installed> {
  const { namespace, values = {}, deployment = false } = options;
  const rendered = await render("lockkeeper", { namespace, values });
  const objects = rendered.filter(({ kind }) => deployment || kind !== "Deployment");
  await using stack = new AsyncDisposableStack();
  if (!cluster.created) stack.defer(async () => await remove(cluster, objects));
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, ...objects);
  if (objects.some(({ kind }) => kind === "CustomResourceDefinition")) {
    await established(cluster);
  }
  const account = objects.find(({ kind }) => kind === "ServiceAccount")?.metadata.name ?? "";
  const { kubeconfig } = stack.use(await writeKubeconfig(cluster, namespace, account));
  const hasPolicies = objects.some(({ kind }) => kind === "ValidatingAdmissionPolicy");
  if (hasPolicies) await policiesHold(cluster, kubeconfig, rendered);
  const kept = stack.move();
  return {
    namespace,
    user: `system:serviceaccount:${namespace}:${account}`,
    kubeconfig,
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

/**
 * The CRD as no release's own, and served: for a cluster that several tests install on, each with `crds.enabled` off. Helm
 * refuses one that it or its release didn't make.
 */
export async function applyCrd(cluster: Cluster): Promise<void> {
  const rendered = await render("lockkeeper", { namespace: "default" });
  await cluster.apply(...rendered.filter(({ kind }) => kind === "CustomResourceDefinition"));
  await established(cluster);
}

const established = async (cluster: Cluster): Promise<string> =>
  await cluster.kubectl("wait", "--for=condition=Established", `crd/${CRD}`, "--timeout=30s");

/** A kubeconfig for the cluster with a fresh token of that ServiceAccount; its folder goes with the scope. */
export async function writeKubeconfig(
  cluster: Cluster,
  namespace: string,
  account: string,
): Promise<AsyncDisposable & { kubeconfig: string }> {
  const token = (await cluster.kubectl("create", "token", account, "-n", namespace, "--duration=12h")).trim();
  const view = await cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "--output=json");
  const admin = JSON.parse(view) as { clusters: [{ name: string }] };
  const name = "operator";
  const content = {
    ...admin,
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: admin.clusters[0].name, user: name, namespace } }],
    "current-context": name,
  };
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-operator-"));
  const kubeconfig = join(folder, "kubeconfig");
  await writeFile(kubeconfig, JSON.stringify(content), { mode: 0o600 });
  return {
    kubeconfig,
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  };
}

/** The API server learns of a policy a moment after it was made: until then this Job without an owner would pass. */
async function policiesHold(cluster: Cluster, kubeconfig: string, rendered: Manifest[]): Promise<void> {
  const role = rendered.find(({ kind, metadata }) => kind === "Role" && !metadata.name.endsWith("-leader"));
  const namespace = role?.metadata.namespace ?? "default";
  const args = ["create", "job", "policy-probe", "--image=none", "-n", namespace, "--dry-run=server"];
  for (let tries = 0; tries < 100; tries++, await sleep(100)) {
    const answer = await cluster.kubectl(...args, `--kubeconfig=${kubeconfig}`).then(
      () => "",
      (error: Error) => error.message,
    );
    if (answer.includes("ValidatingAdmissionPolicy")) return;
    if (answer !== "") throw new Error(`The operator's account may not create Jobs in ${namespace}:\n${answer}`);
  }
  throw new Error("The admission policies don't hold 10 s after they were made");
}

/** What may go: not the CRD, which would take all resources along. */
async function remove(cluster: Cluster, objects: Manifest[]): Promise<void> {
  for (const { kind, metadata } of objects
    .filter((object) => object.kind !== "CustomResourceDefinition")
    .toReversed()) {
    const where = metadata.namespace === undefined ? [] : ["-n", metadata.namespace];
    await cluster.kubectl("delete", kind, metadata.name, ...where, "--ignore-not-found");
  }
}
