/** From a resource to its Job: the floor, bursts, and one at a time. */
import type { Arrivals } from "./arrivals.ts";
import type { Call, Client } from "./client.ts";
import type { Operator } from "./operator.ts";
import { countRequests, since } from "./requests.ts";
import type { Requests } from "./requests.ts";
import { createJob, createMigration, jobsPath, migrationsPath, patchStatus } from "./resources.ts";
import { FLOOR_NAMESPACE, NAMESPACE, quiet, removeAll } from "./stage.ts";
import type { Stage } from "./stage.ts";

export const FLOOR_IN_FLIGHT = [1, 4, 16, 64];
export const CLIENTS = 16;

/** One way to make Jobs with no operator: so many requests in flight. */
export type FloorLap = { inFlight: number; count: number; perSecond: number };

/** Creates the Jobs themselves, from the load's process, and removes them. */
export async function measureFloor({ client, loader }: Stage, inFlight: number, count: number): Promise<FloorLap> {
  const calls = names("floor", count).map((name) => createJob(FLOOR_NAMESPACE, name));
  const timings = await loader.run(calls, inFlight);
  const begun = Math.min(...timings.map(({ sentAt }) => sentAt));
  const ended = Math.max(...timings.map(({ answeredAt }) => answeredAt));
  await removeAll(client, jobsPath(FLOOR_NAMESPACE));
  return { inFlight, count, perSecond: (count / (ended - begun)) * 1_000 };
}

/** What the API server must do for a resource, whoever asks: create it, write the status that comes before its Job, create the Job. */
export type WritesLap = { inFlight: number; count: number; perSecond: number };

/**
 * The same three writes of each resource by a plain client that decides nothing: no operator can be faster on this
 * machine. `status` is one that the operator wrote.
 */
export async function measureWrites(
  { client, loader }: Stage,
  { status, inFlight, count }: { status: unknown; inFlight: number; count: number },
): Promise<WritesLap> {
  const timings = await loader.lanes(
    names("writes", count).map((name) => writesOf(name, status)),
    inFlight,
  );
  const begun = Math.min(...timings.map(({ sentAt }) => sentAt));
  const ended = Math.max(...timings.map(({ answeredAt }) => answeredAt));
  await clearFloor(client);
  return { inFlight, count, perSecond: (count / (ended - begun)) * 1_000 };
}

/** The same one at a time: from the server's answer to the create to its answer to the Job, ms. */
export async function measureWritesOneByOne(
  { client, loader }: Stage,
  { status, count }: { status: unknown; count: number },
): Promise<number[]> {
  const toJobMs: number[] = [];
  for (const name of names("writes", count)) {
    const [create, ...rest] = writesOf(name, status);
    const [created] = await loader.run(create === undefined ? [] : [create], 1);
    const [written] = await loader.lanes([rest], 1);
    toJobMs.push((written?.answeredAt ?? 0) - (created?.answeredAt ?? 0));
  }
  await clearFloor(client);
  return toJobMs;
}

const writesOf = (name: string, status: unknown): Call[] => [
  createMigration(FLOOR_NAMESPACE, name),
  patchStatus(FLOOR_NAMESPACE, name, status),
  createJob(FLOOR_NAMESPACE, name),
];

async function clearFloor(client: Client): Promise<void> {
  for (const path of [migrationsPath(FLOOR_NAMESPACE), jobsPath(FLOOR_NAMESPACE)]) await removeAll(client, path);
}

/** Resources that are created together. Times in ms. */
export type Burst = {
  count: number;
  /** From the first create's start to the last Job. */
  elapsedMs: number;
  perSecond: number;
  /** By resource: from the server's answer to the create to the Job's arrival by a watch. */
  toJobMs: number[];
  /** The operator's, until it has come to rest. */
  cpuMs: number;
  /** What the operator asked the API server for, until then. */
  requests: Requests;
};

/** Creates resources by 16 clients, and waits for their Jobs and for the operator's rest. */
export async function measureBurst(
  { client, loader }: Stage,
  { operator, jobs, prefix, count }: { operator: Operator; jobs: Arrivals; prefix: string; count: number },
): Promise<Burst> {
  const all = names(prefix, count);
  const asked = await countRequests(client);
  const before = operator.cpuMs();
  const timings = await loader.run(
    all.map((name) => createMigration(NAMESPACE, name)),
    CLIENTS,
  );
  const arrived = await Promise.all(all.map(async (name) => await jobs.of(name)));
  await quiet(operator);
  const begun = Math.min(...timings.map(({ sentAt }) => sentAt));
  const elapsedMs = Math.max(...arrived) - begun;
  return {
    ...{ count, elapsedMs, perSecond: (count / elapsedMs) * 1_000 },
    toJobMs: arrived.map((at, index) => at - (timings[index]?.answeredAt ?? at)),
    cpuMs: operator.cpuMs() - before,
    requests: since(asked, await countRequests(client)),
  };
}

/** Creates resources one after the other, each when the one before has its Job. Times as of a burst. */
export async function measureOneByOne(
  { loader }: Stage,
  { jobs, prefix, count }: { jobs: Arrivals; prefix: string; count: number },
): Promise<number[]> {
  const toJobMs: number[] = [];
  for (const name of names(prefix, count)) {
    const [timing] = await loader.run([createMigration(NAMESPACE, name)], 1);
    const arrived = await jobs.of(name);
    toJobMs.push(arrived - (timing?.answeredAt ?? arrived));
  }
  return toJobMs;
}

export const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
