import type { Hono } from "hono";
import { VERSION } from "../../contract/version.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Caches } from "../watch/caches.ts";
import type { RawMigration } from "../watch/migration.ts";
import { liveOf, sightOf } from "../ops/answers.ts";
import type { OpsEnv } from "../ops/app.ts";
import { observedOf } from "../ops/observed-of.ts";
import type { Read } from "../ops/observed-of.ts";
import { assetsFolder, readAssets } from "./assets.ts";
import type { Assets } from "./assets.ts";
import { createDashboard } from "./dashboard.ts";
import type { DashboardDeps } from "./dashboard.ts";

export type OpenDeps = Pick<DashboardDeps, "subscribe" | "token" | "limit"> & {
  caches: Pick<Caches, "migrations" | "jobs" | "pods" | "gated" | "isSynced" | "freshAt">;
  /** Its wall time is the cluster's. */
  clock: Clock;
  log: Pick<Log, "error">;
  /** What is run: the page's files are beside it. */
  program: string;
};

/** A watch that has heard nothing for so long may have missed anything (health/checks.ts). */
const STALE_MS = 120_000;

/** The dashboard over the caches, on every replica, whether it leads or not. */
export function openDashboard({ caches, clock, program, log, ...rest }: OpenDeps): Hono<OpsEnv> {
  const known = new WeakMap<RawMigration, Read>();
  let files: Promise<Assets> | null = null;

  function read(raw: RawMigration): Read {
    const found = known.get(raw) ?? observedOf(raw);
    known.set(raw, found);
    return found;
  }
  return createDashboard({
    ...{ ...rest, clock },
    failed: (error) => log.error({ error }, "a bug in Lockkeeper: the dashboard"),
    *keys() {
      for (const { metadata } of caches.migrations.values()) yield `${metadata.namespace}/${metadata.name}`;
    },
    look(key) {
      const migration = caches.migrations.get(key);
      if (migration === undefined) return null;
      const observed = liveOf(read(migration), sightOf(caches, clock));
      return { migration, observed, gated: caches.gated.by("resource", key) };
    },
    health() {
      const synced = caches.isSynced();
      const heardMsAgo = synced ? clock.now() - caches.freshAt() : 0;
      return { version: VERSION, synced, heardMsAgo, stale: heardMsAgo >= STALE_MS };
    },
    // Read when somebody looks: most replicas are never asked.
    assets: async () => await (files ??= readAssets(assetsFolder(program)).catch(again)),
  });

  /** They may be made while this runs from source. */
  function again(error: unknown): never {
    files = null;
    throw error;
  }
}
