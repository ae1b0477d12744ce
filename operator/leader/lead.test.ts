/** The timing alone, on a clock that the test moves. What a server does with a Lease: lease.cluster.test.ts. */
import { expect, onTestFinished, test } from "vitest";
import { ApiError } from "../api/api.ts";
import type { Api, Method, RequestOptions } from "../api/api.ts";
import { fakeClock } from "../clock-fixture.ts";
import type { FakeClock } from "../clock-fixture.ts";
import { openLog } from "../log.ts";
import { Misconfigured } from "../misconfigured.ts";
import { lead } from "./lead.ts";
import type { LeaseEnd } from "./lead.ts";
import type { Lease } from "./record.ts";
import type { Leading } from "./term.ts";

type Mode = "up" | "silent" | "down" | "forbidden";

/** One Lease in memory, with the server's rule about resource versions. */
function leaseServer() {
  let lease: Lease | null = null;
  let version = 0;
  const server = {
    mode: "up" as Mode,
    dropAnswers: false,
    hold: null as Promise<void> | null,
    requests: [] as string[],
  };
  const store = (body: Lease): Lease => {
    lease = { ...body, metadata: { ...body.metadata, resourceVersion: String(++version) } };
    return lease;
  };
  const answer = (method: Method, body: Lease): Lease => {
    if (method === "POST") {
      if (lease !== null) throw new ApiError(409, "AlreadyExists", "there is one");
      return store(body);
    }
    if (lease === null) throw new ApiError(404, "NotFound", "there is none");
    if (method === "GET") return lease;
    if (body.metadata.resourceVersion !== lease.metadata.resourceVersion) {
      throw new ApiError(409, "Conflict", "it has changed");
    }
    return store(body);
  };
  const silence = async (signal: AbortSignal | undefined): Promise<never> =>
    await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("ended"))));
  const api: Api = {
    async request<Answer>(method: Method, _path: string, { body, signal }: RequestOptions = {}) {
      server.requests.push(method);
      if (server.mode === "silent") await silence(signal);
      if (server.mode === "down") throw new ApiError(0, "Unreachable", "connection refused");
      if (server.mode === "forbidden") throw new ApiError(403, "Forbidden", "may not");
      const done = answer(method, body as Lease);
      await server.hold;
      if (server.dropAnswers && method !== "GET") await silence(signal);
      return structuredClone(done) as Answer;
    },
    async *lines() {},
  };
  return Object.assign(server, {
    api,
    lease: () => lease,
    holder: () => lease?.spec?.holderIdentity,
    set: (spec: Lease["spec"]) => void store({ metadata: { name: "l", namespace: "n" }, ...(spec && { spec }) }),
    delete: () => void (lease = null),
  });
}

type Server = ReturnType<typeof leaseServer>;

/** One candidate, and what has become of it. */
function start(server: Server, clock: FakeClock, identity: string) {
  const controller = new AbortController();
  const work = Promise.withResolvers<void>();
  const state: { leading: Leading | null; end: LeaseEnd | null; error: unknown } = {
    leading: null,
    end: null,
    error: null,
  };
  const log = openLog({ level: "error", write: () => undefined, wall: clock.wall });
  const options = { api: server.api, clock, log, namespace: "n", name: "l", identity, random: () => 0 };
  const ended = lead(options, controller.signal, async (leading) => {
    state.leading = leading;
    await work.promise;
  })
    .then((end) => (state.end = end))
    .catch((error: unknown) => (state.error = error));
  onTestFinished(() => {
    controller.abort();
    work.resolve();
  });
  return Object.assign(state, { stop: () => controller.abort(), finish: work.resolve, fail: work.reject, ended });
}

const setUp = () => ({ server: leaseServer(), clock: fakeClock() });

test("a lease that isn't there is made and taken at once", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(0);
  expect(a.leading?.leads()).toBe(true);
  expect(a.leading?.leadsUntil()).toBe(clock.now() + 10_000);
  expect(server.lease()?.spec).toEqual({
    holderIdentity: "a",
    leaseDurationSeconds: 15,
    acquireTime: "2026-03-01T00:00:00.000000Z",
    renewTime: "2026-03-01T00:00:00.000000Z",
    leaseTransitions: 0,
  });
});

test("a released lease is taken at once, and so is one that this pod's former container held", async () => {
  for (const holderIdentity of ["", "a"]) {
    const { server, clock } = setUp();
    server.set({ holderIdentity, leaseDurationSeconds: 15, leaseTransitions: 3 });
    const a = start(server, clock, "a");
    await clock.pass(0);
    expect(a.leading?.leads()).toBe(true);
    expect(server.lease()?.spec?.leaseTransitions).toBe(holderIdentity === "a" ? 3 : 4);
  }
});

test.each([
  ["in time", 0],
  ["ten minutes late", -600_000],
  ["ten minutes early", 600_000],
])(
  "another's lease is taken when it was seen unchanged for its duration, with a clock that is %s",
  async (_, offset) => {
    const { server, clock } = setUp();
    const renewTime = new Date(clock.wall() + offset).toISOString();
    server.set({ holderIdentity: "b", leaseDurationSeconds: 15, renewTime });
    const a = start(server, clock, "a");
    await clock.pass(14_900);
    expect(a.leading).toBeNull();
    await clock.pass(2_100);
    expect(a.leading?.leads()).toBe(true);
  },
);

test("a lease that is renewed stays its leader's for hours, whatever the wall clock does", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(0);
  const b = start(server, clock, "b");
  for (let minute = 0; minute < 120; minute++) {
    if (minute % 7 === 0) clock.jump(minute % 2 === 0 ? 600_000 : -600_000);
    await clock.pass(60_000);
  }
  expect(a.leading?.leads()).toBe(true);
  expect(b.leading).toBeNull();
  expect(server.holder()).toBe("a");
});

test("of two that see it released at the same moment one leads", async () => {
  const { server, clock } = setUp();
  server.set({ holderIdentity: "", leaseDurationSeconds: 1 });
  const both = [start(server, clock, "a"), start(server, clock, "b")];
  await clock.pass(60_000);
  expect(both.filter(({ leading }) => leading !== null)).toHaveLength(1);
});

test("a clean stop ends the work first, keeps the lease that long, and releases it", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(0);
  const b = start(server, clock, "b");
  a.stop();
  await clock.pass(30_000);
  expect(a.leading?.signal.aborted).toBe(true);
  expect(a.leading?.leads()).toBe(true);
  expect(server.holder()).toBe("a");
  a.finish();
  await a.ended;
  expect(a.end).toBe("stopped");
  expect(a.leading?.leads()).toBe(false);
  expect(server.lease()?.spec).toMatchObject({ holderIdentity: "", leaseDurationSeconds: 1, leaseTransitions: 0 });
  await clock.pass(2_000);
  expect(b.leading?.leads()).toBe(true);
  b.stop();
  b.finish();
  await b.ended;
  expect(clock.timers()).toBe(0);
});

test("one that is stopped before it leads leaves the lease alone", async () => {
  const { server, clock } = setUp();
  server.set({ holderIdentity: "b", leaseDurationSeconds: 15 });
  const a = start(server, clock, "a");
  await clock.pass(3_000);
  a.stop();
  await clock.pass(0);
  expect(a.end).toBe("stopped");
  expect(server.holder()).toBe("b");
  expect(clock.timers()).toBe(0);
});

test.each(["silent", "down", "forbidden"] as const)(
  "with an API server that is %s the lease is over 10 s after its last renewal, before anyone else can have it",
  async (mode) => {
    const { server, clock } = setUp();
    const a = start(server, clock, "a");
    await clock.pass(2_000);
    server.mode = mode;
    await clock.pass(9_900);
    expect(a.leading?.leads()).toBe(true);
    expect(a.end).toBeNull();
    await clock.pass(200);
    expect(a.leading?.leads()).toBe(false);
    expect(a.leading?.signal.aborted).toBe(true);
    expect(a.end).toBe("lost");
    server.mode = "up";
    await clock.pass(60_000);
    expect(a.leading?.leads()).toBe(false);
  },
);

test("an API server that is silent for 7 s costs nobody the lease", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(0);
  const b = start(server, clock, "b");
  for (let times = 0; times < 5; times++) {
    server.mode = "silent";
    await clock.pass(7_000);
    server.mode = "up";
    await clock.pass(5_000);
  }
  expect(a.leading?.leads()).toBe(true);
  expect(b.leading).toBeNull();
});

test("a renewal whose answer is lost isn't taken for another's", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(0);
  server.dropAnswers = true;
  await clock.pass(6_900);
  server.dropAnswers = false;
  await clock.pass(60_000);
  expect(a.leading?.leads()).toBe(true);
});

test("a process that was stopped past its lease sees so before it does anything else", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(5_000);
  clock.freeze(60_000);
  // No timer has been called since.
  expect(a.leading?.leads()).toBe(false);
  expect(a.leading?.leadsUntil()).toBe(-Infinity);
  expect(a.leading?.signal.aborted).toBe(true);
  await clock.pass(60_000);
  expect(a.end).toBe("lost");
});

test("a process that was stopped past its lease asks for no more of it", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(5_000);
  const before = server.requests.length;
  clock.freeze(60_000);
  await clock.pass(60_000);
  expect(a.end).toBe("lost");
  expect(server.requests).toHaveLength(before);
});

test("work that ends when the lease is over has lost it, and releases nothing", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(0);
  clock.freeze(60_000);
  server.set({ holderIdentity: "b", leaseDurationSeconds: 15 });
  a.finish();
  await a.ended;
  expect(a.end).toBe("lost");
  expect(server.holder()).toBe("b");
});

test("a lease that was taken by a process that then was stopped is taken again, not believed", async () => {
  const { server, clock } = setUp();
  const held = Promise.withResolvers<void>();
  server.hold = held.promise;
  const a = start(server, clock, "a");
  await clock.pass(0);
  clock.freeze(60_000);
  server.hold = null;
  held.resolve();
  await clock.pass(0);
  expect(a.leading).toBeNull();
  await clock.pass(2_000);
  expect(a.leading?.leads()).toBe(true);
});

test("a lease that somebody else took, or took away, is lost as soon as that is seen", async () => {
  for (const holderIdentity of ["b", ""]) {
    const { server, clock } = setUp();
    const a = start(server, clock, "a");
    await clock.pass(3_000);
    server.set({ holderIdentity, leaseDurationSeconds: 15 });
    await clock.pass(2_000);
    expect(a.leading?.leads()).toBe(false);
    expect(a.end).toBe("lost");
    expect(server.holder()).toBe(holderIdentity);
  }
});

test("a lease that was deleted by hand is made again by its leader", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(3_000);
  server.delete();
  await clock.pass(2_000);
  expect(a.leading?.leads()).toBe(true);
  expect(server.holder()).toBe("a");
});

test("work that fails releases the lease, and its error comes out", async () => {
  const { server, clock } = setUp();
  const a = start(server, clock, "a");
  await clock.pass(0);
  a.fail(new Error("the work"));
  await a.ended;
  expect(a.error).toMatchObject({ message: "the work" });
  expect(server.holder()).toBe("");
});

test("an API server that is away at the start is asked until it is back", async () => {
  const { server, clock } = setUp();
  server.mode = "down";
  const a = start(server, clock, "a");
  await clock.pass(60_000);
  expect(a.leading).toBeNull();
  server.mode = "up";
  await clock.pass(2_000);
  expect(a.leading?.leads()).toBe(true);
});

test("a missing right is told by its name", async () => {
  const { server, clock } = setUp();
  server.mode = "forbidden";
  const a = start(server, clock, "a");
  await clock.pass(0);
  expect(a.error).toBeInstanceOf(Misconfigured);
  expect(a.error).toMatchObject({ message: "The operator may not use leases in the namespace n." });
});
