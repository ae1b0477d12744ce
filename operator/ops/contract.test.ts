import { describe } from "vitest";
import type { ObservedRun } from "../../contract/ops-observed.ts";
import { opsContract } from "../../test/ops/contract.ts";
import { opsApp, opsCaches } from "./ops.fixture.ts";

/** As the operator writes it: what is null isn't there. */
const written = (run: ObservedRun) => {
  const { heartbeatAt: _heartbeatAt, ...told } = run;
  return Object.fromEntries(Object.entries({ ...told, job: `job-${run.id}` }).filter(([, value]) => value !== null));
};

describe("the contract, from the operator's caches", () => {
  opsContract(async ({ token, runs, pending }) => {
    const caches = opsCaches();
    const now = new Date().toISOString();
    for (const run of runs) {
      const isAlive = Date.now() - Date.parse(run.heartbeatAt ?? "") < 60_000;
      if (run.status === "RUNNING" && isAlive) caches.job(`job-${run.id}`, { running: { startedAt: run.startedAt } });
    }
    caches.resource("web", {
      runs: runs.map(written),
      schema: {
        version: runs.find(({ status }) => status === "SUCCESS")?.versionAfter ?? "0041_a",
        applied: 42,
        pending: pending.length,
        pendingNames: pending,
        observedAt: now,
      },
      telemetry: { available: true, reason: "" },
    });
    const { app, clock } = opsApp({ token, caches });
    clock.jump(Date.now() - clock.wall());
    return {
      handle: async (request) => await app.fetch(request, {}),
      namespace: "shop",
      name: "web",
      async [Symbol.asyncDispose]() {},
    };
  });
});
