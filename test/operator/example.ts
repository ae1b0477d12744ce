/** Specs of a DatabaseMigration, as a person would write them. */
import { API_VERSION, KIND } from "../../contract/resource/names.ts";

type Json = Record<string, unknown>;

const secret = (key: string): Json => ({ secretKeyRef: { name: "web-db", key } });

/** What nobody can leave out. */
export const minimalSpec = (): Json => ({
  database: { urlFrom: secret("DATABASE_URL") },
  source: { workload: { name: "web" }, path: "/app/drizzle" },
});

/** Every field that can be given, but for those that exclude one another: `database` and `source` have them all. */
export const fullSpec = (): Json => ({
  database: {
    urlFrom: secret("DATABASE_URL"),
    host: "db.example.com",
    port: 6432,
    name: "shop",
    sslmode: "require",
    userFrom: secret("user"),
    passwordFrom: secret("password"),
    caFrom: {
      configMapKeyRef: { name: "db-ca", key: "ca.crt" },
      secretKeyRef: { name: "db-ca", key: "ca.crt" },
    },
  },
  source: {
    workload: { kind: "Deployment", name: "web", container: "web" },
    image: { ref: "ghcr.io/acme/web:1.4.2", pullPolicy: "Always" },
    configMap: { name: "web-migrations-5f0c" },
    path: "/app/drizzle",
    format: "Drizzle",
    copy: "ImageVolume",
  },
  lock: { wait: "1h30m", timeout: "250ms", retries: 0 },
  timeouts: { statement: "0", run: "2d" },
  retry: { limit: 100, backoff: "1.5s", max: "1m" },
  apply: { allowOutOfOrder: true, allowDrift: true, baseline: "0004_add_sets" },
  drift: { interval: "0s" },
  runLog: { enabled: false, table: "ops.migration_run_log", retention: "1d" },
  history: { format: "Drizzle", table: "drizzle.__drizzle_migrations" },
  suspend: true,
  job: {
    serviceAccountName: "migrator",
    resources: { limits: { cpu: 2, memory: "1Gi" }, requests: { cpu: "100m", memory: "64Mi" } },
    nodeSelector: { "kubernetes.io/arch": "amd64" },
    tolerations: [{ key: "db", operator: "Equal", value: "yes", effect: "NoExecute", tolerationSeconds: 60 }],
    imagePullSecrets: [{ name: "registry" }],
    labels: { team: "shop" },
    annotations: { "example.com/note": "anything at all: {{ }} $(X)" },
    priorityClassName: "high",
    ttl: "1h",
  },
  historyLimit: 1,
});

/** Of the namespace that a request's path names. */
export const resource = (name: string, spec: unknown) => ({
  apiVersion: API_VERSION,
  kind: KIND,
  metadata: { name },
  spec,
});
