import type { Client } from "./client.ts";

/** What the API server has been asked so far that the operator asks for a resource; nobody else asks it in a burst. */
export type Requests = { status: number; jobs: number; events: number };

const COUNTED = {
  status: { verb: "PATCH", resource: "databasemigrations", subresource: "status" },
  jobs: { verb: "POST", resource: "jobs", subresource: "" },
  events: { verb: "POST", resource: "events", subresource: "" },
} as const satisfies Record<keyof Requests, Record<string, string>>;

/** By the server's own count. */
export async function countRequests(client: Client): Promise<Requests> {
  const metrics = await client.send({ method: "GET", path: "/metrics", accept: "text/plain" });
  const lines = metrics.split("\n").filter((line) => line.startsWith("apiserver_request_total{"));
  const count = (kind: keyof Requests): number =>
    lines
      .filter((line) => Object.entries(COUNTED[kind]).every(([name, value]) => line.includes(`${name}="${value}"`)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  return { status: count("status"), jobs: count("jobs"), events: count("events") };
}

export const since = (before: Requests, after: Requests): Requests => ({
  status: after.status - before.status,
  jobs: after.jobs - before.jobs,
  events: after.events - before.events,
});
