/** What one test has to itself: a namespace, a database whose password is a canary, and the Secret that names it. */
import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { API_VERSION, KIND, PLURAL } from "../../../contract/resource/names.ts";
import type { Condition, StatusRun } from "../../../contract/resource/status.ts";
import { database } from "../../postgres/database.ts";
import type { TestDatabase } from "../../postgres/database.ts";
import { CANARY } from "../../runner/canary.ts";
import { checkAll } from "./check.ts";
import { until } from "./recorder.ts";
import type { Migration } from "./recorder.ts";
import type { Scene } from "./scene.ts";

type Json = Record<string, unknown>;

export type Stage = AsyncDisposable & {
  scene: Scene;
  namespace: string;
  db: TestDatabase;
  /** The database's URL as pods need it: a role's that isn't a superuser. */
  url: string;
  kubectl(...args: string[]): Promise<string>;
  /** A session of the app that has read `table`, and is idle in its transaction until it is told to end. */
  reader(table: string): Promise<{ pid: number; end(): Promise<void> }>;
  /** Makes objects of this namespace. */
  apply(...objects: Json[]): Promise<void>;
  secret(name: string, url: string): Promise<void>;
  /** A ConfigMap with these files. */
  files(name: string, files: Record<string, string>): Promise<void>;
  /** Makes a DatabaseMigration; what isn't given is as `QUICK`. Without `source`: a ConfigMap of its own name. */
  migrate(name: string, spec?: Json): Promise<Subject>;
};

/** One DatabaseMigration, as it was recorded. */
export type Subject = {
  name: string;
  /** Every state that was seen, oldest first. */
  states(): Migration[];
  now(): Migration;
  condition(type: string): Condition | undefined;
  runs(): StatusRun[];
  /** The first state, past or to come, in which a condition is as it is told; its message. */
  saw(type: string, is: Partial<Condition> & { matching?: RegExp }, ms?: number): Promise<string>;
  /** Waits until Ready is True, or False for that reason and nothing goes on, for the newest spec. Its message. */
  settled(reason: string, ms?: number): Promise<string>;
  /** A merge patch of the spec, or of annotations. */
  change(spec: Json): Promise<void>;
  annotate(key: string, value: string): Promise<void>;
};

/** Short pauses; no check for drift, which would be a Job more. */
const QUICK: Json = {
  lock: { timeout: "1s", retries: 0, wait: "30s" },
  retry: { limit: 3, backoff: "1s", max: "2s" },
  drift: { interval: "0s" },
};

export async function openStage(scene: Scene): Promise<Stage> {
  const { cluster } = scene;
  await using stack = new AsyncDisposableStack();
  const namespace = `e2e-${randomBytes(4).toString("hex")}`;
  const db = stack.use(await database());
  const role = await db.role("app", { grants: ["create on schema public"], password: CANARY });
  await db.query(`grant create on database ${db.name} to ${role.name}`);
  const sessions = stack.use(new AsyncDisposableStack());
  const url = forPods(role.url);
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } });
  stack.defer(async () => void (await cluster.kubectl("delete", "namespace", namespace, "--wait=false")));
  const place = (object: Json): Json => ({ ...object, metadata: { ...(object["metadata"] as Json), namespace } });
  const apply = async (...objects: Json[]): Promise<void> => await cluster.apply(...objects.map(place));
  const stage: Omit<Stage, keyof AsyncDisposable> = {
    ...{ scene, namespace, db, url, apply },
    async reader(table) {
      const client = new pg.Client({ connectionString: role.url, application_name: "web" });
      client.on("error", () => {});
      sessions.defer(async () => await client.end());
      await client.connect();
      await client.query(`create table if not exists ${table} (id int)`);
      await client.query("begin");
      await client.query(`select * from ${table}`);
      const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
      return { pid: rows[0]?.pid ?? 0, end: async () => void (await client.query("rollback")) };
    },
    kubectl: async (...args) => await cluster.kubectl("-n", namespace, ...args),
    secret: async (name, DATABASE_URL) =>
      await apply({ apiVersion: "v1", kind: "Secret", metadata: { name }, stringData: { DATABASE_URL } }),
    files: async (name, data) => await apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data }),
    async migrate(name, spec = {}) {
      const urlFrom = { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } };
      const whole = { database: { urlFrom }, source: { configMap: { name } }, ...QUICK, ...spec };
      await apply({ apiVersion: API_VERSION, kind: KIND, metadata: { name }, spec: whole });
      return subject(scene, namespace, name);
    },
  };
  await stage.secret("web-db", url);
  const kept = stack.move();
  return {
    ...stage,
    async [Symbol.asyncDispose]() {
      await using _kept = kept;
      await checkAll(stage);
    },
  };
}

/** The database's URL with the address that pods reach this machine by. */
export function forPods(url: string): string {
  const changed = new URL(url);
  changed.hostname = inject("hostAddress");
  return changed.href;
}

function subject(scene: Scene, namespace: string, name: string): Subject {
  const { cluster, recorder } = scene;
  const states = (): Migration[] =>
    recorder.migrations
      .map(({ object }) => object)
      .filter(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  const now = (): Migration => {
    const newest = states().at(-1);
    if (newest === undefined) throw new Error(`${name} wasn't seen yet`);
    return newest;
  };
  const describe = (what: string) => (): string =>
    `${namespace}/${name} ${what}\n${told(states())}\n${JSON.stringify(states().at(-1)?.status, null, 1)}`;
  const patch = async (body: Json): Promise<void> => {
    const args = ["--type=merge", "--patch", JSON.stringify(body)];
    await cluster.kubectl("-n", namespace, "patch", PLURAL, name, ...args);
  };
  return {
    ...{ name, states, now },
    condition: (type) => now().status?.conditions?.find((one) => one.type === type),
    runs: () => now().status?.runs ?? [],
    async saw(type, { matching, ...is }, ms) {
      const fits = (one: Condition): boolean =>
        one.type === type &&
        Object.entries(is).every(([key, value]) => one[key as keyof Condition] === value) &&
        (matching === undefined || matching.test(one.message));
      const found = await until(
        () => states().flatMap(({ status }) => status?.conditions?.find(fits) ?? [])[0],
        describe(`has ${type} ${JSON.stringify(is)} ${matching?.source ?? ""}`),
        ms,
      );
      return found.message;
    },
    async settled(reason, ms) {
      const found = await until(
        () => {
          const { metadata, status } = states().at(-1) ?? {};
          const ready = status?.conditions?.find(({ type }) => type === "Ready");
          const goesOn = status?.conditions?.some(({ type }) => type === "Reconciling") ?? true;
          const isNew = status?.observedGeneration === metadata?.generation;
          return isNew && !goesOn && ready?.reason === reason ? ready : null;
        },
        describe(`settles as ${reason}`),
        ms,
      );
      return found.message;
    },
    change: async (spec) => await patch({ spec }),
    annotate: async (key, value) => await patch({ metadata: { annotations: { [key]: value } } }),
  };
}

/** The story so far, a line for each change of what people see. */
function told(states: Migration[]): string {
  const lines = states.map(({ status }) =>
    (status?.conditions ?? [])
      .map(({ type, status: is, reason, message }) => `${type}=${is} ${reason}: ${message}`)
      .join(" | "),
  );
  return lines.filter((line, index) => line !== lines[index - 1]).join("\n");
}
