import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { OpsPayload, OpsQuery } from "../../contract/ops.ts";
import { answerOf } from "../../contract/ops-answer.ts";
import { openAnswers } from "./answers.ts";
import { fakeClock } from "../clock-fixture.ts";
import { observedOf } from "./observed-of.ts";
import { opsCaches } from "./ops.fixture.ts";

const MINUTE = 60_000;
const PLAIN = { gzip: false };

function setUp() {
  const clock = fakeClock();
  const caches = opsCaches();
  caches.state.freshAt = clock.now();
  const answer = openAnswers(caches, clock);
  const ago = (ms: number): string => new Date(clock.wall() - ms).toISOString();
  const text = async (query: Partial<OpsQuery> = {}): Promise<{ status: number; text: string }> => {
    const { status, body } = await answer({ ...OpsQuery.parse({}), ...query }, PLAIN);
    return { status, text: typeof body === "string" ? body : Buffer.from(body).toString() };
  };
  const ask = async (query: Partial<OpsQuery> = {}) => {
    const { status, text: told } = await text(query);
    return { status, payload: OpsPayload.parse(JSON.parse(told)) };
  };
  const status = (runs: object[] = [], schema: object = {}) => ({
    telemetry: { available: true, reason: "" },
    schema: { version: "0042", applied: 42, pending: 0, pendingNames: [], observedAt: ago(0), ...schema },
    runs,
  });
  const failed = (msAgo: number) => ({
    ...{ id: `run-${msAgo}`, status: "FAILED", runner: "kubernetes-job", source: "web:1", lockWaitMs: 0, applied: [] },
    ...{ startedAt: ago(msAgo + 1_000), finishedAt: ago(msAgo) },
    error: { code: "42P01", message: "no such table", migration: "0043" },
  });
  return { ago, answer, ask, caches, clock, failed, status, text };
}

test("before the caches are synced it says that it doesn't know", async () => {
  const { caches, text } = setUp();
  caches.state.synced = false;
  expect(await text()).toEqual({
    status: 503,
    text: '{"error":{"code":"NOT_READY","message":"the operator has just started and doesn\'t know the cluster yet"}}',
  });
});

test("it is what the contract makes of all that is observed, in the order of the names", async () => {
  const { ask, caches, clock, failed, status } = setUp();
  caches.resource("web", status([failed(MINUTE)]));
  caches.resource("api", status([], { pending: 2, pendingNames: ["0043", "0044"] }));
  caches.resource("web", status(), { namespace: "depot" });
  const { status: code, payload } = await ask();
  const names = ["depot/web", "shop/api", "shop/web"];
  const observed = names.map((name) => observedOf(caches.migrations.get(name) ?? never()).observed);
  const wanted = answerOf(observed, OpsQuery.parse({}), new Date(clock.wall()));
  expect({ code, payload }).toEqual({ code: 503, payload: JSON.parse(wanted.body as string) });
  expect(payload.migrations.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(names);
});

const never = (): never => {
  throw new Error("it isn't there");
};

test("only what the query names is in it", async () => {
  const { ask, caches, failed, status } = setUp();
  caches.resource("web", status([failed(MINUTE)]));
  caches.resource("web", status(), { namespace: "depot" });
  expect((await ask({ namespace: "depot" })).status).toBe(200);
  expect((await ask({ namespace: "shop", name: "web" })).status).toBe(503);
  expect((await ask({ name: "web" })).payload.migrations).toHaveLength(2);
});

test("what changes is told a second later at most, and until then all get the same", async () => {
  const { answer, ask, caches, clock, failed, status } = setUp();
  caches.resource("web", status());
  const query = OpsQuery.parse({});
  const [first, second] = await Promise.all([answer(query, PLAIN), answer(query, PLAIN)]);
  expect(second).toBe(first);
  caches.resource("web", status([failed(MINUTE)]));
  expect(await answer(query, PLAIN)).toBe(first);
  await clock.pass(1_000);
  expect((await ask()).status).toBe(503);
  caches.gone("web");
  await clock.pass(1_000);
  expect((await ask()).payload.migrations).toEqual([]);
});

test("what nothing changes is told anew as time goes by", async () => {
  const { ask, caches, clock, failed, status } = setUp();
  caches.resource("web", status([failed(118 * MINUTE)]), { spec: { drift: { interval: "0s" } } });
  const alerts = async () => (await ask()).payload.alerts.map(({ message }) => message);
  expect(await alerts()).toEqual([expect.stringContaining("FAILED 1 h ago")]);
  await clock.pass(2 * MINUTE);
  caches.state.freshAt = clock.now();
  expect(await alerts()).toEqual([expect.stringContaining("FAILED 2 h ago")]);
  await clock.pass(1_000);
  expect(await alerts()).toEqual([]);
});

test("a silent API server is told: what is known is as old", async () => {
  const { ask, caches, clock, status } = setUp();
  caches.resource("web", status());
  caches.state.freshAt = clock.now();
  await clock.pass(119_000);
  expect((await ask()).payload.status).toBe("ok");
  await clock.pass(5 * MINUTE);
  expect((await ask()).payload).toMatchObject({
    status: "warning",
    alerts: [{ code: "STALE_TELEMETRY", namespace: "", message: expect.stringContaining("for 6m: what is told here") }],
  });
});

test("another limit is another answer, and of thousands each has fewer runs", async () => {
  const { ask, caches, failed, status } = setUp();
  const runs = Array.from({ length: 20 }, (_, index) => failed(index * MINUTE));
  for (let count = 0; count < 2_001; count++) caches.resource(`web-${count}`, count < 5 ? status(runs) : status());
  const most = ({ payload }: Awaited<ReturnType<typeof ask>>): number =>
    Math.max(...payload.migrations.map(({ recentRuns }) => recentRuns.length));
  expect(most(await ask({ name: "web-1" }))).toBe(20);
  expect(most(await ask())).toBe(9);
  expect(most(await ask({ limit: 3 }))).toBe(3);
});

test("what is large can be had compressed, and is the same", async () => {
  const { answer, caches, failed, status } = setUp();
  for (let index = 0; index < 300; index++) caches.resource(`web-${index}`, status([failed(MINUTE)]));
  const [plain, zipped] = [await answer(OpsQuery.parse({}), PLAIN), await answer(OpsQuery.parse({}), { gzip: true })];
  expect([plain.gzip, zipped.gzip]).toEqual([false, true]);
  expect(plain.body.length).toBeGreaterThan(65_536);
  expect(zipped.body.length).toBeLessThan(plain.body.length / 5);
  expect(gunzipSync(zipped.body).equals(plain.body as Uint8Array)).toBe(true);
  expect(await answer(OpsQuery.parse({ name: "web-1" }), { gzip: true })).not.toHaveProperty("gzip");
});
