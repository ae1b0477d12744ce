import { expect, test } from "vitest";
import { COPY_CONTAINER, RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import type { RunSource } from "./order.ts";
import { order, PARTS, RUNNER } from "./order-fixture.ts";
import { podSpec } from "./pod-spec.ts";

const COPIED = {
  from: "image",
  image: "ghcr.io/acme/web:1.4.2",
  pullPolicy: "Always",
  copy: "InitContainer",
} as const satisfies RunSource;
const CONFIG_MAP = { from: "configMap", name: "web-sql" } as const satisfies RunSource;

type Container = {
  name: string;
  image: string;
  imagePullPolicy: string;
  command?: string[];
  args: string[];
  env: { name: string; value?: string }[];
  resources: object;
  securityContext: object;
  volumeMounts: object[];
  terminationMessagePolicy: string;
};

type PodSpec = { initContainers?: Container[]; containers: Container[]; volumes: object[]; securityContext: object };

const pod = (changes: Parameters<typeof order>[0] = {}) => podSpec(order(changes), RUNNER) as unknown as PodSpec;
const runner = (changes: Parameters<typeof order>[0] = {}): Container => only(pod(changes).containers);

function only<T>(list: T[] | undefined): T {
  const [first] = list ?? [];
  if (first === undefined || list?.length !== 1) throw new Error(`one expected, not ${list?.length}`);
  return first;
}

test.each([
  ["an image volume", {}],
  ["a copy", { source: COPIED }],
  ["a ConfigMap", { source: CONFIG_MAP }],
])("every container of a run from %s is as the level restricted wants it", (_name, changes) => {
  const spec = pod(changes);
  expect(spec).toMatchObject({
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
  });
  for (const { securityContext } of [...spec.containers, ...(spec.initContainers ?? [])]) {
    expect(securityContext).toMatchObject({
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  }
});

test("the runner's container leaves its report, and nothing else, as its message", () => {
  expect(runner()).toMatchObject({
    name: RUNNER_CONTAINER,
    image: RUNNER.runnerImage,
    imagePullPolicy: "IfNotPresent",
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
  });
});

test("all of the spec's settings are flags of migrate", () => {
  const spec = {
    source: { image: { ref: "a" }, path: "/m", format: "Drizzle" },
    lock: { wait: "1m", timeout: "2s", retries: 3 },
    timeouts: { statement: "4s", run: "5m" },
    apply: { allowDrift: true, allowOutOfOrder: true, baseline: "0003_c" },
    runLog: { table: "ops.runs", retention: "6d" },
    history: { format: "Lockkeeper", table: "ops.history" },
  };
  expect(runner({ spec }).args).toEqual([
    "migrate",
    "--dir=/source/m",
    "--format=drizzle",
    "--history-format=lockkeeper",
    "--history-table=ops.history",
    "--run-log-table=ops.runs",
    "--runner=kubernetes-job",
    "--source=ghcr.io/acme/web:1.4.2",
    "--run-id=0193a0b0-0000-7000-8000-000000000000",
    "--report=/dev/termination-log",
    "--report-tag=5f0c:2",
    "--lock-wait=1m",
    "--lock-timeout=2s",
    "--lock-retries=3",
    "--statement-timeout=4s",
    "--run-timeout=5m",
    "--allow-drift",
    "--allow-out-of-order",
    "--baseline=0003_c",
    "--run-log-retention=6d",
  ]);
});

test("status gets no flag that only migrate knows, and what isn't set isn't given", () => {
  const { args } = runner({ command: "status" });
  expect(args[0]).toBe("status");
  expect(args.join(" ")).not.toMatch(/--(lock|run-timeout|allow|baseline|history-table|ca-file|run-log-retention)/);
});

test("hostile texts stay values: none becomes a flag, and none is replaced by a variable's value", () => {
  const source = { ...COPIED, image: "--yes" };
  const { args, env } = runner({
    source,
    spec: {
      apply: { baseline: "$(DATABASE_URL) $$(PGPASSWORD)$" },
      database: { ...PARTS, name: "$(PGPASSWORD)" },
    },
  });
  expect(args).toContain("--source=--yes");
  expect(args).toContain("--baseline=$$(DATABASE_URL) $$$$(PGPASSWORD)$$");
  expect(args.every((argument, index) => index === 0 || argument.startsWith("--"))).toBe(true);
  expect(env).toContainEqual({ name: "PGDATABASE", value: "$$(PGPASSWORD)" });
});

test("the URL comes from its Secret by the kubelet", () => {
  const valueFrom = { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } };
  expect(runner().env).toEqual([{ name: "DATABASE_URL", valueFrom }]);
});

test("a connection in parts takes user and password from their Secrets", () => {
  expect(runner({ spec: { database: PARTS } }).env).toEqual([
    { name: "PGHOST", value: "db.example" },
    { name: "PGPORT", value: "6432" },
    { name: "PGDATABASE", value: "shop" },
    { name: "PGSSLMODE", value: "require" },
    { name: "PGUSER", valueFrom: { secretKeyRef: { name: "web-db", key: "user" } } },
    { name: "PGPASSWORD", valueFrom: { secretKeyRef: { name: "web-db", key: "password" } } },
  ]);
});

test("without a run log the runner is told by its variable", () => {
  expect(runner({ spec: { runLog: { enabled: false } } }).env).toContainEqual({
    name: "DB_MIGRATE_TELEMETRY_ENABLED",
    value: "0",
  });
});

test.each([
  [
    "secretKeyRef",
    { secret: { secretName: "db-ca", items: [{ key: "root.pem", path: "ca.crt" }], defaultMode: 0o444 } },
  ],
  [
    "configMapKeyRef",
    { configMap: { name: "db-ca", items: [{ key: "root.pem", path: "ca.crt" }], defaultMode: 0o444 } },
  ],
])("a CA by %s is one mounted file", (kind, volume) => {
  const database = {
    urlFrom: { secretKeyRef: { name: "a", key: "b" } },
    caFrom: { [kind]: { name: "db-ca", key: "root.pem" } },
  };
  const spec = pod({ spec: { database } });
  expect(spec.volumes).toContainEqual({ name: "ca", ...volume });
  expect(only(spec.containers).volumeMounts).toContainEqual({
    name: "ca",
    mountPath: "/etc/lockkeeper/ca",
    readOnly: true,
  });
  expect(only(spec.containers).args).toContain("--ca-file=/etc/lockkeeper/ca/ca.crt");
});

test("an image volume is the whole image, read-only, so that modules find theirs", () => {
  const spec = pod();
  expect(spec.initContainers).toBeUndefined();
  expect(spec.volumes).toEqual([
    { name: "migrations", image: { reference: "ghcr.io/acme/web:1.4.2", pullPolicy: "IfNotPresent" } },
  ]);
  expect(only(spec.containers).volumeMounts).toEqual([{ name: "migrations", mountPath: "/source", readOnly: true }]);
  expect(only(spec.containers).args).toContain("--dir=/source/app/drizzle");
});

test("a copy is made by the image's own cp, as our user, into a folder of bounded size", () => {
  const spec = pod({ source: COPIED });
  expect(only(spec.initContainers)).toMatchObject({
    name: COPY_CONTAINER,
    image: "ghcr.io/acme/web:1.4.2",
    imagePullPolicy: "Always",
    command: ["cp", "-RL", "/app/drizzle/.", "/migrations"],
    volumeMounts: [{ name: "migrations", mountPath: "/migrations" }],
    terminationMessagePolicy: "FallbackToLogsOnError",
  });
  expect(spec.volumes).toEqual([{ name: "migrations", emptyDir: { sizeLimit: "512Mi" } }]);
  expect(only(spec.containers).volumeMounts).toEqual([
    { name: "migrations", mountPath: "/migrations", readOnly: true },
  ]);
  expect(only(spec.containers).args).toContain("--dir=/migrations");
});

test("a ConfigMap is mounted as a folder of its keys", () => {
  const spec = pod({ source: CONFIG_MAP });
  expect(spec.volumes).toEqual([{ name: "migrations", configMap: { name: "web-sql", defaultMode: 0o444 } }]);
  expect(only(spec.containers).args).toContain("--dir=/migrations");
});

test.each([
  ["/app/drizzle/", "/source/app/drizzle/", "/app/drizzle/."],
  ["/../../etc", "/source/etc", "/etc/."],
  ["/app/../../x", "/source/x", "/x/."],
  ["/-rf", "/source/-rf", "/-rf/."],
])("the path %s stays inside the image", (path, dir, from) => {
  const spec = { source: { image: { ref: "a" }, path } };
  expect(runner({ spec }).args).toContain(`--dir=${dir}`);
  expect(only(pod({ spec, source: COPIED }).initContainers).command?.[2]).toBe(from);
});

test("a container asks for little, and is bounded, unless the resource says otherwise", () => {
  const few = { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } };
  expect(runner().resources).toEqual(few);
  expect(runner({ spec: { job: { resources: {} } } }).resources).toEqual(few);
  const resources = { limits: { memory: "2Gi" } };
  const spec = pod({ spec: { job: { resources } }, source: COPIED });
  expect([...spec.containers, ...(spec.initContainers ?? [])].map((container) => container.resources)).toEqual([
    resources,
    resources,
  ]);
});

const TEMPLATE = {
  spec: {
    containers: [],
    serviceAccountName: "web",
    imagePullSecrets: [{ name: "registry" }],
    nodeSelector: { disk: "ssd" },
    tolerations: [{ key: "batch", operator: "Exists" }],
  },
};

test("what the resource doesn't say of the pod's place is taken from the followed Deployment", () => {
  const { containers: _containers, ...place } = TEMPLATE.spec;
  expect(pod({ template: TEMPLATE })).toMatchObject(place);
  expect(pod()).not.toHaveProperty("nodeSelector");
  const job = {
    serviceAccountName: "migrator",
    imagePullSecrets: [],
    nodeSelector: {},
    tolerations: [],
    priorityClassName: "high",
  };
  expect(pod({ template: TEMPLATE, spec: { job } })).toMatchObject(job);
});
