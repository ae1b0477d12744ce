/** The operator's calls, at each of which it is killed. A new call belongs here, in the scene in which it comes. */
import type { SceneName } from "./scenes.ts";

/** A scene's own calls; those of a start, whatever there is to do; those of a stop. */
export type Phase = SceneName | "start" | "stop";

const STATUS = "PATCH databasemigrations/NAME/status";
const KINDS = ["databasemigrations", "jobs", "pods", "deployments", "replicasets"];
const BEGUN = [`${STATUS}: Running 1`, "POST jobs: attempt 1", "POST events: RunStarted"];

export const KNOWN: Record<Phase, readonly string[]> = {
  start: [
    ...KINDS.map((kind) => `GET ${kind}`),
    ...KINDS.map((kind) => `WATCH ${kind}`),
    "POST selfsubjectaccessreviews",
    "POST selfsubjectaccessreviews, again",
    "GET leases/NAME",
    "POST leases: held",
    "PUT leases/NAME: held",
    // It leads, and so it reads all anew.
    ...KINDS.map((kind) => `GET ${kind}, again`),
    ...KINDS.map((kind) => `WATCH ${kind}, again`),
    "POST DRY jobs: attempt 0",
    "PUT leases/NAME: held, again",
  ],
  retried: [
    ...BEGUN,
    `${STATUS}: Pending 1`,
    "POST events: LockTimeout",
    `${STATUS}: Running 2`,
    "POST jobs: attempt 2",
    "POST events: RunStarted, again",
    `${STATUS}: Applied 2`,
    "POST events: Applied",
    "DELETE pods/NAME",
  ],
  failing: [...BEGUN, `${STATUS}: Failed 1`, "POST events: MigrationFailed"],
  stuck: [
    ...BEGUN,
    `${STATUS}: ImagePullFailed`,
    "POST events: ImagePullFailed",
    `${STATUS}: Pending 1`,
    "POST events: Cancelled",
    "DELETE jobs/NAME",
    `${STATUS}: Running 1, again`,
    "POST jobs: attempt 1, again",
    "POST events: RunStarted, again",
    `${STATUS}: Applied 1`,
    "POST events: Applied",
  ],
  followed: [...BEGUN, `${STATUS}: Running`, "GET pods/NAME/log", `${STATUS}: Applied 1`, "POST events: Applied"],
  stop: ["PUT leases/NAME: released"],
};
