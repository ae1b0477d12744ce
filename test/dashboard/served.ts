/** The dashboard in this process, over a fleet that a test changes as it likes: what needs no cluster is seen by this. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { buildDashboard } from "../../build/dashboard.ts";
import { systemClock } from "../../operator/clock.ts";
import { readAssets } from "../../operator/dashboard/assets.ts";
import { createDashboard } from "../../operator/dashboard/dashboard.ts";
import type { Health } from "../../operator/dashboard/view.ts";
import { keyOf } from "../../operator/kubernetes/objects.ts";
import type { GatedPod } from "../../operator/kubernetes/objects.ts";
import { observedOf } from "../../operator/ops/observed-of.ts";
import type { RawMigration } from "../../operator/watch/migration.ts";

export type Served = AsyncDisposable & {
  url: string;
  token: string | null;
  health: Health;
  set(migration: RawMigration, gated?: GatedPod[]): void;
  remove(key: string): void;
  /** Breaks every connection, as a proxy or a network would. */
  breakConnections(): void;
  /** Nobody answers until `start`, which takes the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** How often the limit was told of a wrong token. */
  wrong: number;
  /** Whether somebody looks. */
  isWatched(): boolean;
};

const assets = buildDashboard().then(async (folder) => await readAssets(folder));

export async function served(): Promise<Served> {
  const files = await assets;
  const fleet = new Map<string, { migration: RawMigration; gated: GatedPod[] }>();
  const listeners = new Set<(key: string) => void>();
  const tell = (key: string): void => {
    for (const listener of listeners) listener(key);
  };
  let server: Server;
  let port = 0;
  const app = createDashboard({
    keys: () => fleet.keys(),
    look(key) {
      const found = fleet.get(key);
      return found === undefined ? null : { ...found, observed: observedOf(found.migration).observed };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health: () => self.health,
    token: async () => await Promise.resolve(self.token),
    assets: async () => await Promise.resolve(files),
    failed: (error) => {
      throw error;
    },
    limit: { right: () => undefined, wrong: () => void self.wrong++ },
    clock: systemClock,
  });
  const self: Served = {
    url: "",
    token: "a-token-of-the-tests",
    health: { version: "0.1.0", synced: true, heardMsAgo: 400, stale: false },
    wrong: 0,
    isWatched: () => listeners.size > 0,
    set(migration, gated = []) {
      fleet.set(keyOf(migration), { migration, gated });
      tell(keyOf(migration));
    },
    remove(key) {
      fleet.delete(key);
      tell(key);
    },
    breakConnections: () => server.closeAllConnections(),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
    async start() {
      server = serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }) as Server;
      await once(server, "listening");
      ({ port } = server.address() as AddressInfo);
      self.url = `http://127.0.0.1:${port}`;
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await self.stop();
    },
  };
  await self.start();
  return self;
}
