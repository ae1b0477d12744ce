import { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { RunOrder } from "./order.ts";

export const RUNNER = { runnerImage: "ghcr.io/lockkeeper/lockkeeper:test", runnerPullPolicy: "IfNotPresent" } as const;

export const URL_FROM = { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } };

export const PARTS = {
  host: "db.example",
  port: 6432,
  name: "shop",
  sslmode: "require",
  userFrom: { secretKeyRef: { name: "web-db", key: "user" } },
  passwordFrom: { secretKeyRef: { name: "web-db", key: "password" } },
};

const IMAGE = "ghcr.io/acme/web:1.4.2";

/** A resource with this spec, by default of one image and a URL. */
export const migration = (spec: Record<string, unknown> = {}, name = "web"): DatabaseMigration =>
  DatabaseMigration.parse({
    metadata: {
      name,
      namespace: "shop",
      uid: "4f0c6f0a-0000-4000-8000-000000000001",
      resourceVersion: "1",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: { database: URL_FROM, source: { image: { ref: IMAGE }, path: "/app/drizzle" }, ...spec },
  });

/** An order to migrate from an image volume, with these differences. */
export const order = (
  changes: Partial<Omit<RunOrder, "migration">> & { spec?: Record<string, unknown> } = {},
): RunOrder => {
  const { spec, ...rest } = changes;
  return {
    migration: migration(spec),
    command: "migrate",
    job: "web-5f0c1d92ab-1",
    runId: "0193a0b0-0000-7000-8000-000000000000",
    key: "5f0c",
    epoch: 2,
    attempt: 1,
    source: { from: "image", image: IMAGE, pullPolicy: "IfNotPresent", copy: "ImageVolume" },
    template: null,
    ...rest,
  };
};
