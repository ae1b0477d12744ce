import { describe, expect, test } from "vitest";
import { OpsPayload } from "../../contract/ops.ts";
import type { ObservedRun } from "../../contract/ops-observed.ts";

export const TOKEN = "a-token-for-tests-0123456789";

/** What a handler is to be made for. `runs` are newest first. */
export type OpsSetup = {
  /** Null: none is configured. */
  token: string | null;
  runs: ObservedRun[];
  /** Pending at this moment. */
  pending: string[];
};

/** A handler of whatever makes the payload, and what it calls the one database that it knows. */
export type OpsWorld = AsyncDisposable & {
  handle: (request: Request) => Promise<Response>;
  namespace: string;
  name: string;
};

const MINUTE = 60_000;

/** A run that ended (or, RUNNING, had its last heartbeat) so long ago. */
export function opsRun(status: ObservedRun["status"], msAgo: number, changes: Partial<ObservedRun> = {}): ObservedRun {
  const end = Date.now() - msAgo;
  const at = (time: number): string => new Date(time).toISOString();
  return {
    id: crypto.randomUUID(),
    status,
    runner: "kubernetes-job",
    source: "web:1",
    host: "web-1",
    startedAt: at(end - 1_000),
    heartbeatAt: at(end),
    finishedAt: status === "RUNNING" ? null : at(end),
    lockWaitMs: 12,
    versionBefore: "0041_a",
    versionAfter: status === "RUNNING" ? null : "0042_b",
    applied: [],
    error: null,
    blockers: [],
    ...changes,
  };
}

const lockTimeout = (msAgo: number): ObservedRun =>
  opsRun("LOCK_TIMEOUT", msAgo, {
    lockWaitMs: 5_000,
    error: { code: "55P03", message: "canceling statement due to lock timeout", migration: "0042_b" },
    blockers: [
      {
        pid: 812,
        user: "web",
        application: "web",
        state: "idle in transaction",
        transactionAge: "4m",
        relation: "public.orders",
        mode: "AccessShareLock",
        preparedTransaction: null,
      },
    ],
  });

/** What `GET /api/ops/migrations` promises, wherever its answer comes from. */
export function opsContract(makeWorld: (setup: OpsSetup) => Promise<OpsWorld>): void {
  const URL_OF_IT = "http://app.test/api/ops/migrations";
  const ask = (world: OpsWorld, query = "", init: RequestInit = {}): Promise<Response> =>
    world.handle(new Request(`${URL_OF_IT}${query}`, { headers: { authorization: `Bearer ${TOKEN}` }, ...init }));
  const world = (setup: Partial<OpsSetup> = {}): Promise<OpsWorld> =>
    makeWorld({ token: TOKEN, runs: [opsRun("SUCCESS", 10 * MINUTE)], pending: [], ...setup });
  const payloadOf = async (response: Response): Promise<OpsPayload> => OpsPayload.parse(await response.json());

  describe("who may ask", () => {
    test("nobody where no token is configured: 404", async () => {
      await using one = await world({ token: null });
      expect((await ask(one)).status).toBe(404);
    });

    const REFUSED: [string, Record<string, string>][] = [
      ["without a token", {}],
      ["with a wrong token", { authorization: "Bearer wrong-token-0123456789" }],
      ["with a longer one", { authorization: `Bearer ${TOKEN}x` }],
      ["with another scheme", { authorization: `Basic ${btoa(`x:${TOKEN}`)}` }],
      ["with an empty one", { authorization: "Bearer " }],
    ];

    test("nobody without the right token: 401, always the same", async () => {
      await using one = await world();
      for (const [how, headers] of REFUSED) {
        const response = await ask(one, "?lookbackMinutes=nonsense", { headers });
        expect(response.status, how).toBe(401);
        expect(response.headers.get("www-authenticate"), how).toMatch(/^Bearer\b/);
        expect(await response.json(), how).toMatchObject({ error: { code: "UNAUTHORIZED" } });
      }
    });

    test("whoever has the token", async () => {
      await using one = await world();
      expect((await ask(one)).status).toBe(200);
      expect((await ask(one, "", { headers: { authorization: `bearer   ${TOKEN} ` } })).status).toBe(200);
    });
  });

  describe("how it is asked", () => {
    test("HEAD has the status of GET and no body", async () => {
      await using one = await world({ pending: ["0043_c"] });
      const response = await ask(one, "", { method: "HEAD" });
      expect(response.status).toBe(503);
      expect(await response.text()).toBe("");
    });

    test("other methods are refused, and the answer names what isn't", async () => {
      await using one = await world();
      for (const method of ["POST", "PUT", "DELETE"]) {
        const response = await ask(one, "", { method });
        expect(response.status, method).toBe(405);
        expect(response.headers.get("allow"), method).toBe("GET, HEAD");
      }
    });

    const BAD: [string, string][] = [
      ["?lookbackMinutes=0", "lookbackMinutes"],
      ["?lookbackMinutes=43201", "lookbackMinutes"],
      ["?lookbackMinutes=1.5", "lookbackMinutes"],
      ["?lookbackMinutes=", "lookbackMinutes"],
      ["?limit=0", "limit"],
      ["?limit=101", "limit"],
      ["?limit=ten", "limit"],
      ["?limit=1&limit=2", "limit"],
      ["?lookback=5", "lookback"],
      ["?__proto__=5", "__proto__"],
      [`?namespace=${"x".repeat(64)}`, "namespace"],
    ];

    test("a parameter that there isn't, or that is out of range, is a 400 that names it", async () => {
      await using one = await world();
      for (const [query, parameter] of BAD) {
        const response = await ask(one, query);
        expect(response.status, query).toBe(400);
        const { error } = (await response.json()) as { error: { message: string } };
        expect(error.message, query).toContain(parameter);
      }
    });
  });

  describe("what it answers", () => {
    test("no answer is kept by a cache", async () => {
      await using one = await world();
      for (const response of [await ask(one), await ask(one, "?x=1"), await ask(one, "", { headers: {} })]) {
        expect(response.headers.get("cache-control")).toBe("no-store");
        expect(response.headers.get("content-type")).toMatch(/^application\/json/);
      }
    });

    test("ok, with the run whole", async () => {
      const run = opsRun("SUCCESS", 10 * MINUTE, { applied: ["0042_b"] });
      await using one = await world({ runs: [run] });
      const response = await ask(one);
      expect(response.status).toBe(200);
      const { heartbeatAt: _heartbeatAt, ...shown } = run;
      expect(await payloadOf(response)).toMatchObject({
        status: "ok",
        lookbackMinutes: 120,
        alerts: [],
        migrations: [
          {
            namespace: one.namespace,
            name: one.name,
            version: "0042_b",
            pending: [],
            pendingCount: 0,
            telemetry: { available: true, reason: "" },
            recentRuns: [shown],
          },
        ],
      });
    });

    test("503 for pending migrations that no run is working on, with their names", async () => {
      await using one = await world({ pending: ["0043_c", "0044_d"] });
      const response = await ask(one);
      expect(response.status).toBe(503);
      expect(await payloadOf(response)).toMatchObject({
        status: "critical",
        alerts: [{ severity: "critical", code: "PENDING_MIGRATIONS", namespace: one.namespace, name: one.name }],
        migrations: [{ pending: ["0043_c", "0044_d"], pendingCount: 2 }],
      });
    });

    test("ok for pending migrations that a run is working on", async () => {
      await using one = await world({ runs: [opsRun("RUNNING", 1_000)], pending: ["0043_c"] });
      expect(await payloadOf(await ask(one))).toMatchObject({ status: "ok", migrations: [{ pendingCount: 1 }] });
    });

    test("503 for a run without a heartbeat", async () => {
      await using one = await world({ runs: [opsRun("RUNNING", 90_000)] });
      const response = await ask(one);
      expect(response.status).toBe(503);
      expect((await payloadOf(response)).alerts).toMatchObject([{ severity: "critical", code: "STUCK_RUN" }]);
    });

    test("503 for a lock timeout that nothing has cured, and who blocked", async () => {
      await using one = await world({ runs: [lockTimeout(12 * MINUTE + 1_000)] });
      const response = await ask(one);
      expect(response.status).toBe(503);
      expect((await payloadOf(response)).alerts).toMatchObject([
        {
          severity: "critical",
          code: "RECENT_LOCK_TIMEOUT",
          message:
            "LOCK_TIMEOUT 12 min ago: 0042_b waited 5 s for public.orders; " +
            "blocked by pid 812 (web, idle in transaction for 4m)",
        },
      ]);
    });

    test("a warning, and 200, for one that a later success has cured", async () => {
      await using one = await world({ runs: [opsRun("SUCCESS", MINUTE), lockTimeout(12 * MINUTE)] });
      const response = await ask(one);
      expect(response.status).toBe(200);
      expect(await payloadOf(response)).toMatchObject({
        status: "warning",
        alerts: [{ severity: "warning", code: "RECENT_LOCK_TIMEOUT" }],
      });
    });

    test("a failure counts for as long as the lookback says", async () => {
      const error = { code: "42P01", message: "no such table", migration: "0042_b" };
      await using one = await world({ runs: [opsRun("FAILED", 90 * MINUTE, { error })] });
      expect((await ask(one, "?lookbackMinutes=60")).status).toBe(200);
      expect((await ask(one, "?lookbackMinutes=100")).status).toBe(503);
    });

    test("as many runs as the limit says, newest first; alerts count the others too", async () => {
      const error = { code: "42P01", message: "no such table", migration: "0042_b" };
      const runs = [
        opsRun("SUCCESS", MINUTE, { source: "web:9" }),
        opsRun("SUCCESS", 2 * MINUTE, { source: "web:9" }),
        opsRun("FAILED", 3 * MINUTE, { error }),
      ];
      await using one = await world({ runs });
      const payload = await payloadOf(await ask(one, "?limit=2"));
      expect(payload.migrations[0]?.recentRuns.map(({ id }) => id)).toEqual([runs[0]?.id, runs[1]?.id]);
      expect(payload.alerts).toMatchObject([{ code: "RECENT_FAILURE" }]);
    });

    test("what has that name, and a warning where nothing has", async () => {
      await using one = await world();
      const found = await payloadOf(await ask(one, `?name=${encodeURIComponent(one.name)}`));
      expect(found.migrations).toHaveLength(1);
      const missed = await payloadOf(await ask(one, "?name=misspelt"));
      expect(missed).toMatchObject({ status: "warning", migrations: [], alerts: [{ name: "misspelt" }] });
    });
  });
}
