/** What helm itself does with the operator's chart: install, upgrade, uninstall, and refuse. */
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { temporaryFolder } from "../images/folder.ts";
import { askWith } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { minimalSpec, resource } from "./example.ts";
import { chartFolder, HELMS, helmWith, render } from "./helm.ts";
import type { Manifest } from "./helm.ts";

const chart = chartFolder("lockkeeper");
let cluster: Cluster;
let ask: Ask;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  ask = await askWith(cluster.kubeconfig);
});
afterAll(async () => await cluster?.[Symbol.asyncDispose]());

describe.each(HELMS)("%s", (version) => {
  it("an upgrade keeps all resources, and uninstalling keeps them and the CRD", async () => {
    const helm = await helmWith(version, cluster.kubeconfig);
    // The same for both: the second one meets the CRD that the first one's release left.
    const namespace = "keeper";
    const place = `--namespace=${namespace}`;
    await using folder = await temporaryFolder("previous-chart");
    await writePrevious(folder.path);
    const notes = await helm(["install", "lockkeeper", folder.path, place, "--create-namespace"]);
    expect(notes).toContain(`kubectl -n ${namespace} rollout status deployment/lockkeeper`);
    await cluster.kubectl("wait", "--for=condition=Established", "crd/databasemigrations.lockkeeper.dev");
    const collection = `/apis/lockkeeper.dev/v1alpha1/namespaces/${namespace}/databasemigrations`;
    const made = await ask("POST", collection, resource("web", minimalSpec()));
    expect(made.status, made.message).toBe(201);
    const { uid } = made.body["metadata"] as { uid: string };
    const now = async () => (await ask("GET", `${collection}/web`)).body["metadata"];
    const columns = async () => await cluster.kubectl("get", "crd", "databasemigrations.lockkeeper.dev", "-o=json");
    if (version === HELMS[0]) expect(await columns()).not.toContain('"name": "Pending"');

    const changed = { replicas: 3, watch: { allNamespaces: true }, podDisruptionBudget: { enabled: false } };
    await helm(["upgrade", "lockkeeper", chart, place], changed);
    expect(await now()).toMatchObject({ uid });
    const deployment = await ask("GET", `/apis/apps/v1/namespaces/${namespace}/deployments/lockkeeper`);
    expect(deployment.body["spec"]).toMatchObject({ replicas: 3 });
    expect(await columns()).toContain('"name": "Pending"');
    expect(await cluster.kubectl("get", "priorityclasses", "-o=name")).toContain("lockkeeper-keeper");

    await helm(["uninstall", "lockkeeper", place]);
    expect(await now()).toMatchObject({ uid });
    const gone = await ask("GET", `/apis/apps/v1/namespaces/${namespace}/deployments/lockkeeper`);
    expect(gone.status).toBe(404);
    const crd = await ask(
      "GET",
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/databasemigrations.lockkeeper.dev",
    );
    expect(crd.body["metadata"]).not.toHaveProperty("deletionTimestamp");
    await ask("DELETE", `${collection}/web`);
  });

  it.each([
    ["an unknown value", { replica: 3 }, /replica\b/],
    ["an unknown value of a part", { image: { name: "a" } }, /name/],
    ["a number that is a text", { replicas: "three" }, /replicas.*integer/s],
    ["a port that is none", { networkPolicy: { apiServer: { ports: [0] } } }, /ports/],
    ["the port of the health", { ops: { port: 8_081 } }, /port/],
    ["an interval that is none", { metrics: { serviceMonitor: { interval: "soon" } } }, /interval/],
    ["a level that isn't one", { logLevel: "loud" }, /logLevel/],
    ["a runbook's address with a quote", { metrics: { prometheusRule: { runbookUrl: 'a"b' } } }, /runbookUrl/],
    ["an unknown switch of the dashboard", { metrics: { grafanaDashboards: { folder: "a" } } }, /folder/],
  ])("refuses %s, and names it", async (_, values, message) => {
    const helm = await helmWith(version, cluster.kubeconfig);
    await expect(helm(["install", "refused", chart, "--dry-run=server"], values)).rejects.toThrow(message);
  });
});

/** The chart as an older version may have been: without a column of the CRD, and without objects that came later. */
async function writePrevious(folder: string): Promise<void> {
  await cp(chart, folder, { recursive: true });
  const edit = async (file: string, change: (text: string) => string): Promise<void> => {
    const path = join(folder, file);
    const text = await readFile(path, "utf8");
    expect(change(text)).not.toBe(text);
    await writeFile(path, change(text));
  };
  await edit("Chart.yaml", (text) => text.replace(/^version: .*$/m, "version: 0.0.1"));
  await edit("templates/crd.yaml", (text) => text.replace(/ +- name: Pending\n(.*\n){3}/, ""));
  await edit("templates/deployment.yaml", (text) =>
    text.replace(/ +\{\{- with \.Values\.priorityClassName(.*\n){3}/, ""),
  );
  await rm(join(folder, "templates/priorityclass.yaml"));
  await rm(join(folder, "templates/policy-pods.yaml"));
}

describe("the chart", () => {
  type Json = Record<string, unknown>;
  const found = async (kind: string, values: Json = {}, named = ""): Promise<Manifest | undefined> =>
    (await render("lockkeeper", { namespace: "ops", values })).find(
      ({ kind: is, metadata }) => is === kind && metadata.name.endsWith(named),
    );

  it("lets everybody ask for the health, and the operator talk to the API server and DNS only", async () => {
    const policy = await found("NetworkPolicy", { networkPolicy: { apiServer: { addresses: ["10.0.0.1/32"] } } });
    const ports = [443, 6443, 8443, 16443].map((port) => ({ port }));
    const dns = ["UDP", "TCP"].map((protocol) => ({ port: 53, protocol }));
    expect(policy?.["spec"]).toMatchObject({
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ ports: [{ port: "health" }] }, { ports: [{ port: "ops" }] }],
      egress: [{ ports, to: [{ ipBlock: { cidr: "10.0.0.1/32" } }] }, { ports: dns }],
    });
    expect(JSON.stringify(await found("NetworkPolicy"))).not.toContain('"to"');
  });

  type Container = { env: Json[]; ports: Json[]; volumeMounts?: Json[] };
  type PodSpec = { containers: [Container]; volumes?: Json[] };
  const pod = async (values?: Json): Promise<PodSpec> => {
    const deployment = (await found("Deployment", values)) as { spec: { template: { spec: PodSpec } } } | undefined;
    if (deployment === undefined) throw new Error("no Deployment");
    return deployment.spec.template.spec;
  };

  it("has a Service of the ops port, which whoever is named may ask", async () => {
    const from = [{ namespaceSelector: { matchLabels: { team: "ops" } } }];
    const values = { ops: { port: 9_090, from } };
    const service = await found("Service", values, "-ops");
    expect(service?.metadata).toMatchObject({ name: "lockkeeper-ops", namespace: "ops" });
    expect(service?.["spec"]).toEqual({
      selector: { "app.kubernetes.io/name": "lockkeeper", "app.kubernetes.io/instance": "lockkeeper" },
      ports: [{ name: "http", port: 9_090, targetPort: "ops" }],
    });
    const { containers } = await pod(values);
    expect(containers[0].ports).toContainEqual({ name: "ops", containerPort: 9_090 });
    expect(containers[0].env).toContainEqual({ name: "LOCKKEEPER_OPS_PORT", value: "9090" });
    const policy = (await found("NetworkPolicy", values)) as unknown as { spec: { ingress: Json[] } };
    expect(policy.spec.ingress[1]).toEqual({ ports: [{ port: "ops" }], from });
  });

  it("without ops has no Service, lets nobody ask, and has no token", async () => {
    const values = { ops: { enabled: false, tokenSecret: { name: "ops-token" } } };
    expect(await found("Service", values)).toBeUndefined();
    const policy = (await found("NetworkPolicy", values)) as unknown as { spec: { ingress: Json[] } };
    expect(policy.spec.ingress).toEqual([{ ports: [{ port: "health" }] }]);
    expect(JSON.stringify(await pod(values))).not.toContain("ops-token");
  });

  it("mounts the token's Secret as a folder, never as a variable", async () => {
    expect(JSON.stringify(await pod())).not.toContain("ops-token");
    const { containers, volumes } = await pod({ ops: { tokenSecret: { name: "ops-token", key: "T" } } });
    const [{ env, volumeMounts }] = containers;
    expect(volumes).toEqual([
      {
        name: "ops-token",
        secret: { secretName: "ops-token", optional: true, defaultMode: 0o440, items: [{ key: "T", path: "token" }] },
      },
    ]);
    // Without subPath: with it a change of the Secret never arrives.
    expect(volumeMounts).toEqual([{ name: "ops-token", mountPath: "/etc/lockkeeper/ops", readOnly: true }]);
    expect(env).toContainEqual({ name: "LOCKKEEPER_OPS_TOKEN_FILE", value: "/etc/lockkeeper/ops/token" });
    expect(JSON.stringify(env)).not.toContain("secretKeyRef");
  });

  it("has a ServiceMonitor that finds the Service, only when it is asked for", async () => {
    expect(await found("ServiceMonitor")).toBeUndefined();
    const serviceMonitor = { enabled: true, labels: { release: "prometheus" }, interval: "15s" };
    const monitor = await found("ServiceMonitor", { metrics: { serviceMonitor } });
    const service = await found("Service", {}, "-ops");
    expect(monitor?.metadata).toMatchObject({ namespace: "ops", labels: { release: "prometheus" } });
    const spec = monitor?.["spec"] as { selector: { matchLabels: object }; endpoints: Json[] } | undefined;
    expect(service?.metadata).toMatchObject({ labels: spec?.selector.matchLabels });
    expect(spec?.endpoints).toEqual([{ port: "http", path: "/metrics", honorLabels: true, interval: "15s" }]);
    const refused = found("ServiceMonitor", { ops: { enabled: false }, metrics: { serviceMonitor } });
    await expect(refused).rejects.toThrow(/needs ops\.enabled/);
  });

  it("names each replica's address by DNS, as the example of a Prometheus asks for it, Ready or not", async () => {
    const values = { ops: { port: 9_090 } };
    const rendered = await render("lockkeeper", { namespace: "lockkeeper", values });
    const service = rendered.find(({ kind, metadata }) => kind === "Service" && metadata.name.endsWith("-metrics"));
    expect(service?.["spec"]).toMatchObject({
      ...{ clusterIP: "None", publishNotReadyAddresses: true },
      ports: [{ port: 9_090, targetPort: "ops" }],
    });
    const { name, namespace } = service?.metadata ?? {};
    const example = await readFile(fileURLToPath(new URL("../../examples/monitoring/prometheus.yml", import.meta.url)));
    expect(example.toString()).toContain(`names: ["${name}.${namespace}.svc"]`);
  });

  it("spreads the pods over nodes and zones, or as it is told, and counts its own", async () => {
    const constraints = async (values?: Json): Promise<unknown> => {
      const deployment = (await found("Deployment", values)) as { spec: { template: { spec: Json } } } | undefined;
      return deployment?.spec.template.spec["topologySpreadConstraints"];
    };
    const matchLabels = { "app.kubernetes.io/name": "lockkeeper", "app.kubernetes.io/instance": "lockkeeper" };
    const own = { labelSelector: { matchLabels }, matchLabelKeys: ["pod-template-hash"] };
    const soft = { maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway" };
    expect(await constraints()).toEqual([
      { topologyKey: "kubernetes.io/hostname", ...soft, ...own },
      { topologyKey: "topology.kubernetes.io/zone", ...soft, ...own },
    ]);
    const hard = { topologyKey: "kubernetes.io/hostname", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" };
    const other = { ...hard, labelSelector: { matchLabels: { a: "b" } } };
    expect(await constraints({ topologySpreadConstraints: [hard, other] })).toEqual([{ ...hard, ...own }, other]);
  });

  it("has the dashboard for Grafana's sidecar only where it is asked for, byte by byte", async () => {
    const named = async (values: Json): Promise<Manifest | undefined> =>
      await found("ConfigMap", values, "-grafana-dashboard");
    expect(await named({})).toBeUndefined();
    const configMap = await named({ metrics: { grafanaDashboards: { enabled: true, labels: { team: "data" } } } });
    expect(configMap).toMatchObject({
      kind: "ConfigMap",
      metadata: { labels: { grafana_dashboard: "1", team: "data" } },
    });
    const file = join(chart, "files/grafana-dashboard.json");
    expect(configMap?.["data"]).toEqual({ "lockkeeper.json": (await readFile(file, "utf8")).trimEnd() });
  });

  it("has a test only where a database for it is given", async () => {
    expect(await found("Pod")).toBeUndefined();
    const values = { watch: { namespaces: ["shop", "depot"] }, test: { databaseUrlSecret: { name: "test-db" } } };
    const rendered = await render("lockkeeper", { namespace: "ops", values });
    const tests = rendered.filter(({ metadata }) => metadata.annotations?.["helm.sh/hook"] === "test");
    expect(tests.map(({ kind }) => kind).toSorted()).toEqual(
      ["ConfigMap", "ConfigMap", "Pod", "Role", "RoleBinding", "ServiceAccount"].toSorted(),
    );
    expect(new Set(tests.map(({ metadata }) => metadata.namespace))).toEqual(new Set(["shop"]));
    // A network policy of the operator's, or its disruption budget, would be the test's too.
    expect(JSON.stringify(tests)).not.toContain('"app.kubernetes.io/name":"lockkeeper"');
  });
});
