/** What a state of a resource says to somebody who waits. */
import { describe, expect, it } from "vitest";
import { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Release } from "../../contract/resource/status.ts";
import { EXIT } from "../../contract/exit-code.ts";
import { releaseKey } from "../release/key.ts";
import { fixedKey } from "./asked.ts";
import type { Asked } from "./asked.ts";
import { verdict } from "./verdict.ts";

const IMAGE = "ghcr.io/acme/web:2";
const OLD = "ghcr.io/acme/web:1";
const PINNED = `ghcr.io/acme/web@sha256:${"a".repeat(64)}`;

const ANY: Asked = { generation: 1, image: null, key: null, workload: null, suspendedFails: false };

type State = {
  spec?: Record<string, unknown>;
  meta?: Record<string, unknown>;
  status?: Record<string, unknown>;
  says?: [is: "ready" | "progressing" | "stalled" | "held", reason: string, message: string];
};

const fixed = (ref = IMAGE) => ({ source: { image: { ref }, path: "/app/drizzle" } });
const followed = { source: { workload: { name: "web" }, path: "/app/drizzle" } };

function resource({ spec = fixed(), meta = {}, status = {}, says }: State): DatabaseMigration {
  const condition = (type: string, is: string) => ({
    ...{ type, status: is, reason: says?.[1] ?? "", message: says?.[2] ?? "" },
    ...{ lastTransitionTime: "2026-01-01T00:00:00Z", observedGeneration: 1 },
  });
  const conditions =
    says === undefined
      ? []
      : [
          condition("Ready", says[0] === "ready" ? "True" : "False"),
          ...(says[0] === "progressing" ? [condition("Reconciling", "True")] : []),
          ...(says[0] === "stalled" ? [condition("Stalled", "True")] : []),
        ];
  return DatabaseMigration.parse({
    metadata: {
      ...{ name: "web", namespace: "shop", uid: "u", resourceVersion: "1", generation: 1 },
      ...{ creationTimestamp: "2026-01-01T00:00:00Z", ...meta },
    },
    spec: { database: { urlFrom: { secretKeyRef: { name: "web-db", key: "url" } } }, ...spec },
    status: { observedGeneration: 1, conditions, epoch: 1, ...status },
  });
}

const release = (changes: Partial<Release> = {}): Release => ({
  ...{ key: "k", revision: 2, image: IMAGE, version: "0002_b", state: "Applied", epoch: 1, attempt: 1 },
  ...{ job: "web-1", runId: "r", failures: 0, ...changes },
});
const source = (image: string, workloadGeneration = 7) => ({ image, available: 2, digest: "", workloadGeneration });

describe("whoever waits for the resource", () => {
  it.each<[string, State, object]>([
    ["is done when it is ready", { says: ["ready", "Applied", "0002_b"] }, { is: "done", message: "Applied: 0002_b" }],
    ["is done when the database is ahead", { says: ["ready", "DatabaseAhead", "0002_b"] }, { is: "done" }],
    [
      "waits, and tells it, while a run is on",
      { says: ["progressing", "Running", "3 of 12: 0007_add_sets"] },
      { is: "waiting", unseen: false, message: "Running: 3 of 12: 0007_add_sets" },
    ],
    [
      "waits while it is tried again",
      { says: ["progressing", "LockTimeout", "waited 5 s; tried again after 10 s (1 of 5)"] },
      { is: "waiting", message: "LockTimeout: waited 5 s; tried again after 10 s (1 of 5)" },
    ],
    ["waits while it is suspended", { says: ["held", "Suspended", "is held"] }, { is: "waiting", unseen: false }],
    ["waits before the first look", { status: { observedGeneration: undefined } }, { is: "waiting", unseen: true }],
    [
      "doesn't take what was said of an older spec",
      { meta: { generation: 2 }, says: ["ready", "Applied", "0002_b"] },
      { is: "waiting", unseen: true },
    ],
    [
      "doesn't take a failure before the retry that was asked for",
      { meta: { annotations: { "lockkeeper.dev/retry": "2" } }, says: ["stalled", "MigrationFailed", "no"] },
      { is: "waiting", unseen: true },
    ],
    [
      "doesn't take proof before the recheck that was asked for",
      { meta: { annotations: { "lockkeeper.dev/recheck": "2" } }, says: ["ready", "Applied", "0002_b"] },
      { is: "waiting", unseen: true },
    ],
    [
      "takes a retry that was handled",
      {
        meta: { annotations: { "lockkeeper.dev/retry": "2" } },
        status: { lastHandledRetry: "2" },
        says: ["stalled", "MigrationFailed", "no"],
      },
      { is: "failed", reason: "MigrationFailed" },
    ],
    [
      "learns that it is being deleted",
      { meta: { deletionTimestamp: "2026-01-01T00:00:00Z" }, says: ["ready", "Applied", "0002_b"] },
      { is: "failed", reason: "Deleted", exitCode: EXIT.cancelled },
    ],
  ])("%s", (_title, state, expected) => {
    expect(verdict(resource(state), ANY)).toMatchObject(expected);
  });

  it.each([
    ["LockTimeout", EXIT.lockTimeout],
    ["MigrationFailed", EXIT.failedMigration],
    ["Drift", EXIT.drift],
    ["InvalidSpec", EXIT.invalidInput],
    ["Unreachable", EXIT.unreachable],
    ["RunTimeout", EXIT.cancelled],
    ["RunnerFailed", EXIT.bug],
    ["OfANewerVersion", EXIT.failedMigration],
    ["constructor", EXIT.failedMigration],
  ])("ends by the runner's code when it is stalled: %s %d", (reason, exitCode) => {
    const state: State = { says: ["stalled", reason, "because"], status: { source: source(IMAGE) } };
    expect(verdict(resource(state), ANY)).toMatchObject({ is: "failed", reason, exitCode, settled: true });
  });

  it("is told of the release that failed", () => {
    const failed = release({ key: fixedKey(resource({})) ?? "", state: "Failed" });
    const state: State = { says: ["stalled", "MigrationFailed", "no"], status: { releases: [failed] } };
    expect(verdict(resource(state), ANY)).toMatchObject({ release: failed });
  });
});

describe("whoever follows a Deployment", () => {
  const asked = (generation: number, before: number | null = null): Asked => ({
    ...ANY,
    workload: { name: "web", generation, before },
  });

  it.each<[string, State, Asked, object]>([
    [
      "waits until its newest generation was seen",
      { status: { source: source(OLD, 7) }, says: ["ready", "Applied", "0001_a"] },
      asked(8),
      { is: "waiting", unseen: true },
    ],
    [
      "takes no failure of the generation before",
      { status: { source: source(OLD, 7) }, says: ["stalled", "MigrationFailed", "no"] },
      asked(8),
      { is: "waiting", unseen: true },
    ],
    [
      "is done once it was",
      { status: { source: source(IMAGE, 8) }, says: ["ready", "Applied", "0002_b"] },
      asked(8),
      { is: "done" },
    ],
    [
      "is told why it can't be seen",
      { status: { source: source(OLD, 7) }, says: ["progressing", "WorkloadNotObserved", "is it paused?"] },
      asked(8),
      { is: "waiting", unseen: false, message: "WorkloadNotObserved: is it paused?" },
    ],
    [
      "of a Deployment that was made again, waits until the new one was seen",
      { status: { source: source(OLD, 7) }, says: ["ready", "Applied", "0001_a"] },
      asked(1, 7),
      { is: "waiting", unseen: true },
    ],
    [
      "and takes that",
      { status: { source: source(OLD, 1) }, says: ["ready", "Applied", "0001_a"] },
      asked(1, 7),
      { is: "done" },
    ],
    [
      "isn't sure of a container that isn't there",
      { status: { source: source(OLD, 7) }, says: ["stalled", "ContainerNotFound", "no container x"] },
      asked(8),
      { is: "failed", exitCode: EXIT.invalidInput, settled: false },
    ],
  ])("%s", (_title, state, wanted, expected) => {
    expect(verdict(resource({ spec: followed, ...state }), wanted)).toMatchObject(expected);
  });
});

describe("whoever waits for an image", () => {
  const asked = (image: string): Asked => ({ ...ANY, image });

  it.each<[string, State, string, object]>([
    [
      "waits while the Deployment has another one, whatever is said of that",
      { status: { source: source(OLD) }, says: ["ready", "Applied", "0001_a"] },
      IMAGE,
      { is: "waiting", message: `${IMAGE} isn't wanted yet: the image is ${OLD}` },
    ],
    [
      "takes no failure of another one",
      { status: { source: source(OLD) }, says: ["stalled", "MigrationFailed", "no"] },
      IMAGE,
      { is: "waiting" },
    ],
    [
      "takes a failure that no image cures",
      { status: { source: source(OLD) }, says: ["stalled", "CopyUnsupported", "no"] },
      IMAGE,
      { is: "failed", reason: "CopyUnsupported" },
    ],
    [
      "is done when it is the one that is ready",
      { status: { source: source(IMAGE) }, says: ["ready", "Applied", "0002_b"] },
      IMAGE,
      { is: "done" },
    ],
    [
      "is done by its release's proof although a newer one has failed",
      { status: { source: source("x:3"), releases: [release()] }, says: ["stalled", "MigrationFailed", "no"] },
      IMAGE,
      { is: "done" },
    ],
    [
      "takes no proof of an older epoch",
      { status: { epoch: 2, source: source("x:3"), releases: [release()] }, says: ["stalled", "Drift", "no"] },
      IMAGE,
      { is: "waiting" },
    ],
    [
      "takes no proof of an older ReplicaSet with the same image",
      {
        status: {
          source: source("x:3"),
          releases: [release({ revision: 2 }), release({ key: "n", revision: 4, state: "Pending" })],
        },
        says: ["progressing", "Running", "x"],
      },
      IMAGE,
      { is: "waiting", message: `${IMAGE} is waiting; the image is x:3` },
    ],
    [
      "learns of its release's failure although another one is wanted now",
      {
        status: {
          source: source("x:3"),
          releases: [release({ state: "Failed", reason: "LockTimeout", message: "m" })],
        },
        says: ["ready", "Applied", "0003_c"],
      },
      IMAGE,
      { is: "failed", exitCode: EXIT.lockTimeout, message: "m" },
    ],
  ])("%s", (_title, state, image, expected) => {
    expect(verdict(resource({ spec: followed, ...state }), asked(image))).toMatchObject(expected);
  });

  it("of a digest is done by its proof, for a Deployment's generation that wasn't seen too; not by that of another database", () => {
    const spec = { ...followed };
    const key = releaseKey(resource({ spec }), { replicaSet: null, image: PINNED });
    const workload = { name: "web", generation: 9, before: null };
    const status = { source: source(OLD), releases: [release({ key, image: PINNED })] };
    const wanted = { ...asked(PINNED), workload };
    expect(verdict(resource({ spec, status }), wanted)).toMatchObject({ is: "done" });
    const elsewhere = { ...spec, database: { urlFrom: { secretKeyRef: { name: "other", key: "url" } } } };
    expect(verdict(resource({ spec: elsewhere, status }), wanted)).toMatchObject({ is: "waiting" });
  });

  it("of a spec that names another image waits until the spec names it", () => {
    const says: State["says"] = ["ready", "Applied", "0001_a"];
    expect(verdict(resource({ spec: fixed(OLD), says }), asked(IMAGE))).toMatchObject({ is: "waiting" });
    expect(verdict(resource({ spec: fixed(IMAGE), says }), asked(IMAGE))).toMatchObject({ is: "done" });
  });
});

describe("whoever has applied a spec", () => {
  const applied = { ...ANY, generation: 2, key: fixedKey(resource({})), suspendedFails: true };

  it.each<[string, State, object]>([
    [
      "waits until its generation was seen, ready or not",
      { meta: { generation: 2 }, says: ["ready", "Applied", "0001_a"] },
      { is: "waiting", unseen: true },
    ],
    [
      "fails if it is suspended: nothing would happen",
      {
        spec: { ...fixed(), suspend: true },
        meta: { generation: 2 },
        status: { observedGeneration: 2 },
        says: ["held", "Suspended", "held"],
      },
      { is: "failed", exitCode: EXIT.invalidInput, reason: "Suspended" },
    ],
    [
      "fails when somebody else has applied another release since",
      {
        spec: fixed("x:3"),
        meta: { generation: 3 },
        status: { observedGeneration: 3 },
        says: ["ready", "Applied", "0003_c"],
      },
      { is: "failed", reason: "Superseded", exitCode: EXIT.cancelled },
    ],
    [
      "but not when this one was proved before",
      {
        spec: fixed("x:3"),
        meta: { generation: 3 },
        status: { observedGeneration: 3, releases: [release({ key: applied.key ?? "" })] },
        says: ["stalled", "MigrationFailed", "no"],
      },
      { is: "done" },
    ],
  ])("%s", (_title, state, expected) => {
    expect(verdict(resource(state), applied)).toMatchObject(expected);
  });
});
