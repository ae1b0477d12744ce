/**
 * As much of an API server as a day's churn needs in a minute: objects in memory, lists, watches, and runs that end with
 * success as soon as their Job is made. What is true of a real one is tried elsewhere; here only the number counts.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { API_VERSION, KIND, LABEL, RUN_ANNOTATION, RUNNER_CONTAINER } from "../../../contract/resource/names.ts";
import { report } from "../../../operator/outcome/report-fixture.ts";
import { spec } from "./stage.ts";

type Json = Record<string, unknown>;
type Stored = { metadata: Record<string, unknown> & { name: string; namespace: string }; status?: Json } & Json;

export type FakeApi = AsyncDisposable & {
  kubeconfig: string;
  /** How many changes the watches have told. */
  events(): number;
  create(name: string): void;
  /** With its Job and pod. */
  remove(name: string): void;
  /** Called when a resource has become ready. */
  onReady: (name: string) => void;
};

const NAMESPACE = "churn";
const at = (): string => `${new Date().toISOString().slice(0, 19)}Z`;

export async function startFakeApi(): Promise<FakeApi> {
  const stores = new Map<string, Map<string, Stored>>();
  const watchers = new Map<string, Set<ServerResponse>>();
  let version = 100;
  let events = 0;
  let uids = 0;
  const storeOf = (plural: string) => entry(stores, plural, () => new Map<string, Stored>());
  const watchersOf = (plural: string) => entry(watchers, plural, () => new Set<ServerResponse>());

  function tell(plural: string, type: string, object: Stored): Stored {
    object.metadata["resourceVersion"] = String(++version);
    const line = `${JSON.stringify({ type, object })}\n`;
    for (const watcher of watchersOf(plural)) watcher.write(line);
    events++;
    return object;
  }

  function add(plural: string, given: Json): Stored {
    const metadata = { ...(given["metadata"] as Stored["metadata"]), namespace: NAMESPACE };
    Object.assign(metadata, {
      uid: `0193a0b0-0000-7000-8000-${String(++uids).padStart(12, "0")}`,
      creationTimestamp: at(),
    });
    const object: Stored = { ...given, metadata };
    storeOf(plural).set(metadata.name, object);
    return tell(plural, "ADDED", object);
  }

  function drop(plural: string, name: string): Stored | null {
    const object = storeOf(plural).get(name);
    if (object === undefined) return null;
    storeOf(plural).delete(name);
    return tell(plural, "DELETED", object);
  }

  /** The Job's pod comes, runs, and ends with a report. */
  function play(job: Stored): void {
    const { name, labels, annotations: told, uid } = job.metadata;
    const annotations = told as Record<string, string>;
    const { key, epoch, runId } = RUN_ANNOTATION;
    const owner = { apiVersion: "batch/v1", kind: "Job", name, uid, controller: true };
    const pod = add("pods", {
      metadata: {
        name: `${name}-pod`,
        labels: { ...(labels as object), "batch.kubernetes.io/job-name": name },
        ownerReferences: [owner],
      },
      spec: {},
    });
    const become = (state: Json): void => {
      const containerStatuses = [{ name: RUNNER_CONTAINER, image: "i", imageID: "i", state }];
      tell("pods", "MODIFIED", Object.assign(pod, { status: { phase: "Running", containerStatuses } }));
    };
    become({ running: { startedAt: at() } });
    const tag = `${annotations[key]}:${annotations[epoch]}`;
    const [resource] = job.metadata["ownerReferences"] as { uid: string }[];
    const database = {
      systemIdentifier: String(resource?.uid).replaceAll(/\D/g, "").slice(0, 30),
      name: "shop",
      oid: 1,
    };
    const message = JSON.stringify(report({ runId: annotations[runId] ?? "", tag, database }));
    become({ terminated: { exitCode: 0, reason: "Completed", message, startedAt: at(), finishedAt: at() } });
    tell("jobs", "MODIFIED", Object.assign(job, { status: { conditions: [{ type: "Complete", status: "True" }] } }));
  }

  function patch(name: string, body: { metadata?: Json; status: Json }): { status: number; body: object } {
    const object = storeOf("databasemigrations").get(name);
    if (object === undefined) return { status: 404, body: { kind: "Status", reason: "NotFound" } };
    if (body.metadata?.["resourceVersion"] !== object.metadata["resourceVersion"]) {
      return { status: 409, body: { kind: "Status", reason: "Conflict" } };
    }
    const before = JSON.stringify(object.status ?? {});
    object.status = { ...object.status, ...body.status };
    for (const [field, value] of Object.entries(object.status)) if (value === null) delete object.status[field];
    tell("databasemigrations", "MODIFIED", object);
    const isReady = (json: string): boolean => /"type":"Ready","status":"True"/.test(json);
    if (!isReady(before) && isReady(JSON.stringify(object.status))) setImmediate(() => self.onReady(name));
    return { status: 200, body: object };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    const body = JSON.parse((await text(request)) || "{}") as Json;
    const [, plural = "", name = "", part = ""] =
      /\/v\d\w*\/(?:namespaces\/[^/]+\/)?([a-z]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    const send = (status: number, content: object): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
    };
    const notFound = (): void => send(404, { kind: "Status", reason: "NotFound" });
    if (plural === "leases") return lease(request.method ?? "", body, send);
    if (plural === "selfsubjectaccessreviews") return send(201, { ...body, status: { allowed: true } });
    if (plural === "events") return send(201, body);
    if (url.searchParams.has("watch")) {
      response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
      watchersOf(plural).add(response);
      return void response.on("close", () => watchersOf(plural).delete(response));
    }
    if (request.method === "GET" && name === "") {
      const items = [...storeOf(plural).values()];
      return send(200, { kind: "List", metadata: { resourceVersion: String(version) }, items });
    }
    if (url.searchParams.has("dryRun")) return send(201, body);
    if (request.method === "POST") {
      if (storeOf(plural).has((body as Stored).metadata.name)) {
        return send(409, { kind: "Status", reason: "AlreadyExists" });
      }
      const job = add(plural, body);
      send(201, job);
      return void setImmediate(() => play(job));
    }
    if (request.method === "PATCH" && part === "status") {
      const patched = patch(name, body as { status: Json });
      return send(patched.status, patched.body);
    }
    if (request.method === "DELETE") {
      const gone = drop(plural, name);
      return gone === null ? notFound() : send(200, gone);
    }
    const found = part === "" ? storeOf(plural).get(name) : undefined;
    return found === undefined ? notFound() : send(200, found);
  }

  let held: Json | null = null;
  function lease(method: string, body: Json, send: (status: number, content: object) => void): void {
    if (method === "GET") return held === null ? send(404, { kind: "Status", reason: "NotFound" }) : send(200, held);
    const metadata = { ...(body["metadata"] as Json), resourceVersion: String(++version) };
    held = { ...body, metadata };
    send(200, held);
  }

  const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-fake-api-"));
  const kubeconfig = join(folder, "kubeconfig");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await writeFile(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: "fake", cluster: { server: url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "fake", user: {} }],
      contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
      "current-context": "fake",
    }),
  );

  const self: FakeApi = {
    kubeconfig,
    events: () => events,
    create(name) {
      add("databasemigrations", {
        apiVersion: API_VERSION,
        kind: KIND,
        metadata: { name, generation: 1 },
        spec: spec(),
      });
    },
    remove(name) {
      for (const plural of ["pods", "jobs"]) {
        for (const { metadata } of storeOf(plural).values()) {
          const labels = metadata["labels"] as Record<string, string>;
          if (labels[LABEL.instance] === name) drop(plural, metadata.name);
        }
      }
      drop("databasemigrations", name);
    },
    onReady: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await rm(folder, { recursive: true, force: true });
    },
  };
  return self;
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
