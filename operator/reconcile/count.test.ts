/** What a reconcile counts, and when. */
import { expect, test } from "vitest";
import { ApiError } from "../api/api.ts";
import type { Method } from "../api/api.ts";
import { endRun } from "./end-run.fixture.ts";
import { server } from "./server.fixture.ts";

type Server = ReturnType<typeof server>;

const LOCK_TIMEOUT = {
  ...{ exitCode: 10 as const, outcome: "LOCK_TIMEOUT" as const, lockWaitMs: 5_000, pending: ["0043"], pendingCount: 1 },
  error: { code: "55P03", message: "lock timeout", migration: "0043" },
};

async function told({ context: { instruments } }: Server): Promise<string[]> {
  const text = await instruments.register.metrics();
  return text
    .split("\n")
    .filter((line) => /_(total|count|sum)\b/.test(line) && !line.startsWith("#") && !line.endsWith(" 0"));
}

test("a run that ended is counted once, when its end is written", async () => {
  const one = server();
  await one.look();
  endRun(one, LOCK_TIMEOUT);
  const { runs } = one.context.instruments;
  expect(runs.of("shop/web", "lock_timeout")).toBe(0);
  await one.look();
  await one.look();
  expect(runs.of("shop/web", "lock_timeout")).toBe(1);
  expect(runs.of("shop/web", "failed")).toBe(0);
  const lines = await told(one);
  expect(lines).toContain('lockkeeper_run_duration_seconds_sum{outcome="lock_timeout"} 2');
  expect(lines).toContain("lockkeeper_run_lock_wait_seconds_sum 5");
  expect(lines).toContain('lockkeeper_reconciles_total{result="ok"} 3');
  expect(lines).toContain("lockkeeper_reconcile_duration_seconds_count 3");
});

test("and not while somebody else's write is in the way, or none gets through", async () => {
  let refusal: ApiError | null = null;
  const refuse = ({ method }: { method: Method }): undefined => {
    if (refusal !== null && method === "PATCH") throw refusal;
  };
  const one = server({}, refuse);
  await one.look();
  endRun(one, LOCK_TIMEOUT);
  refusal = new ApiError(409, "Conflict", "it was changed");
  await one.look();
  refusal = new ApiError(0, "Unreachable", "nobody answers");
  await expect(one.look()).rejects.toThrow("nobody answers");
  const { runs } = one.context.instruments;
  expect(runs.of("shop/web", "lock_timeout")).toBe(0);
  refusal = null;
  await one.look();
  expect(runs.of("shop/web", "lock_timeout")).toBe(1);
  const lines = await told(one);
  expect(lines).toContain('lockkeeper_reconciles_total{result="conflict"} 1');
  expect(lines).toContain('lockkeeper_reconciles_total{result="error"} 1');
});

test("a resource that is gone takes its counts with it", async () => {
  const one = server();
  await one.look();
  endRun(one, LOCK_TIMEOUT);
  await one.look();
  one.stores.migrations.event("DELETED", one.migration());
  await one.look();
  expect(one.context.instruments.runs.of("shop/web", "lock_timeout")).toBe(0);
});
