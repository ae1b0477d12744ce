import { expect, it } from "vitest";
import { DatabaseMigration } from "../../contract/resource/resource.ts";
import { exampleStatus } from "../../test/operator/example-status.ts";
import { minimalSpec } from "../../test/operator/example.ts";
import { detailOf, tableOf } from "./status-text.ts";

const NOW = Date.parse("2026-01-01T01:00:00Z");

const resource = (name: string, changes: Record<string, unknown> = {}) =>
  DatabaseMigration.parse({
    metadata: {
      ...{ name, namespace: "shop", uid: "u", resourceVersion: "1", generation: 1 },
      creationTimestamp: "2025-12-31T01:00:00Z",
    },
    spec: minimalSpec(),
    status: exampleStatus(new Date("2026-01-01T00:00:00Z")),
    ...changes,
  });

it("a table has a row for each, as wide as it needs", () => {
  expect(tableOf([resource("web"), resource("new-one", { status: {} })], NOW, true)).toBe(
    [
      "NAMESPACE   NAME      READY   REASON                    VERSION                 PENDING   LAST RUN   AGE",
      "shop        web       True    Applied                   0010_solid_watchtower   0         1h         1d",
      "shop        new-one           not seen by an operator                                                1d",
    ].join("\n"),
  );
});

it("the whole of one names releases, runs, who blocked the last one, and the pods that wait", () => {
  const migration = resource("web");
  migration.status.runs?.reverse();
  const text = detailOf(migration, [{ name: "web-1", since: "2026-01-01T00:56:00Z" }], NOW);
  expect(text).toContain("source    /app/drizzle in the image of Deployment web, now ghcr.io/acme/web:1.4.2");
  expect(text).toContain("0010_solid_watchtower: 11 applied, 0 pending, seen 1h ago");
  expect(text).toMatch(
    /releases\n +revision 7 +ghcr\.io\/acme\/web:1\.4\.2 +Applied +0010_solid_watchtower +attempt 2\n/,
  );
  expect(text).toMatch(/LOCK_TIMEOUT .*55P03: canceling statement due to lock timeout/);
  expect(text).toMatch(
    /blocked by\n +pid 812 \(web, idle in transaction for 4m\) +AccessShareLock +public\.workouts\n/,
  );
  expect(text).toMatch(/pods at the gate\n +web-1 +for 4m$/);
  expect(detailOf(migration, null, NOW)).toContain("they may not be read");
});
