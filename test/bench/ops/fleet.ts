/** A thousand resources with a past. They are suspended, so that the operator has nothing to do for them but to tell. */
import { API_VERSION, KIND } from "../../../contract/resource/names.ts";
import type { Client } from "../operator/client.ts";
import { migrationsPath } from "../operator/resources.ts";
import { NAMESPACE } from "../operator/stage.ts";

const IMAGE = "ghcr.io/acme/web:1.4.2";
const AT_ONCE = 8;

export const nameOf = (index: number): string => `web-${String(index).padStart(4, "0")}`;

/** Creates them, and writes so many runs into the status of each. */
export async function makeFleet(client: Client, count: number, runs: number): Promise<void> {
  await each(count, async (index) => {
    const name = nameOf(index);
    const spec = {
      database: { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } },
      source: { image: { ref: IMAGE }, path: "/app/drizzle" },
      suspend: true,
    };
    const resource = { apiVersion: API_VERSION, kind: KIND, metadata: { name, namespace: NAMESPACE }, spec };
    await client.send({ method: "POST", path: migrationsPath(NAMESPACE), body: JSON.stringify(resource) });
    await patchStatus(client, index, statusOf(index, runs));
  });
}

/** Writes what was seen last of each of the first ones: a change that everybody who watches is told. */
export async function touch(client: Client, count: number): Promise<void> {
  await each(count, async (index) => {
    await patchStatus(client, index, { schema: { observedAt: new Date().toISOString() } });
  });
}

async function patchStatus(client: Client, index: number, status: object): Promise<void> {
  const path = `${migrationsPath(NAMESPACE)}/${nameOf(index)}/status`;
  await client.send({ method: "PATCH", path, type: "application/merge-patch+json", body: JSON.stringify({ status }) });
}

async function each(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function statusOf(index: number, runs: number): object {
  const at = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
  return {
    telemetry: { available: true, reason: "" },
    schema: { version: "0042_solid_watchtower", applied: 42, pending: 0, pendingNames: [], observedAt: at(0) },
    runs: Array.from({ length: runs }, (_, run) => ({
      ...{ id: `0193a0b0-0000-7000-${String(8000 + run)}-${String(index).padStart(12, "0")}`, status: "SUCCESS" },
      ...{ runner: "kubernetes-job", job: `${nameOf(index)}-5f0c1d92ab-${run}`, source: IMAGE },
      host: `${nameOf(index)}-5f0c1d92ab-${run}-x7k2p`,
      ...{ startedAt: at(24 * run + 3), finishedAt: at(24 * run + 3), lockWaitMs: 12, blockers: [] },
      ...{
        versionBefore: "0041_quiet_sentry",
        versionAfter: "0042_solid_watchtower",
        applied: ["0042_solid_watchtower"],
      },
    })),
  };
}
