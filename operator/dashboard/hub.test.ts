import { expect, onTestFinished, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { MOST_CLIENTS, createHub } from "./hub.ts";
import type { Client } from "./hub.ts";
import type { Detail, Health } from "./view.ts";

const HEALTH: Health = { version: "0.1.0", synced: true, heardMsAgo: 0, stale: false };

const detail = (name: string, message: string): Detail =>
  ({ row: { namespace: "shop", name, message }, runs: [] }) as unknown as Detail;

function world(names: string[]) {
  const clock = fakeClock();
  const messages = new Map(names.map((name) => [`shop/${name}`, "first"]));
  const listeners = new Set<(key: string) => void>();
  const state = { token: "one" as string | null, failures: [] as unknown[] };
  const hub = createHub({
    keys: () => messages.keys(),
    detail(key) {
      const message = messages.get(key);
      if (message === "broken") throw new Error("a bug");
      return message === undefined ? null : detail(key.slice("shop/".length), message);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health: () => HEALTH,
    token: async () => await Promise.resolve(state.token),
    clock,
    failed: (error) => void state.failures.push(error),
  });
  const change = (name: string, message: string | null): void => {
    if (message === null) messages.delete(`shop/${name}`);
    else messages.set(`shop/${name}`, message);
    for (const listener of listeners) listener(`shop/${name}`);
  };
  return { clock, hub, state, change, listeners };
}

type World = ReturnType<typeof world>;

function join({ hub }: World, options: Partial<Client> = {}) {
  const said: { event: string; data: unknown; id: string }[] = [];
  const seen = { said, ready: true, ended: false };
  const leave = hub.join({
    ...{ key: null, lastId: "", isAllowed: (token) => token === "one" },
    isReady: () => seen.ready,
    send(text) {
      for (const block of text.split("\n\n").filter((part) => part !== "")) {
        const [, event = "", id = "", data = ""] = /^event: (\w+)\n(?:id: (.*)\n)?data: (.*)$/.exec(block) ?? [];
        said.push({ event, id, data: JSON.parse(data) as unknown });
      }
    },
    end: () => void (seen.ended = true),
    ...options,
  });
  onTestFinished(() => leave?.());
  const rows = () => said.filter(({ event }) => event === "rows").flatMap(({ data }) => data as Detail["row"][]);
  return { ...seen, seen, leave, rows, names: () => rows().map(({ name, message }) => `${name} ${message}`) };
}

test("who comes gets everything, and then each second what has changed, however often it did", async () => {
  const there = world(["a", "b"]);
  const client = join(there);
  await there.clock.pass(0);
  expect(client.names()).toEqual(["a first", "b first"]);
  client.said.length = 0;
  for (const message of ["2", "3", "4"]) there.change("b", message);
  await there.clock.pass(1_000);
  expect(client.names()).toEqual(["b 4"]);
  client.said.length = 0;
  await there.clock.pass(1_000);
  expect(client.said).toEqual([]);
});

test("what is deleted is told", async () => {
  const there = world(["a", "b"]);
  const client = join(there);
  await there.clock.pass(0);
  there.change("a", null);
  await there.clock.pass(1_000);
  expect(client.said.find(({ event }) => event === "gone")?.data).toEqual(["shop/a"]);
});

test("an empty fleet is told too, so that nobody waits for it", async () => {
  const there = world([]);
  const client = join(there);
  await there.clock.pass(0);
  expect(client.said.map(({ event }) => event)).toEqual(["begin", "end"]);
  await there.clock.pass(1_000);
  expect(client.said).toHaveLength(2);
});

test("who comes again gets what it lacks; of another life it gets everything", async () => {
  const there = world(["a", "b"]);
  const stays = join(there);
  const first = join(there);
  await there.clock.pass(0);
  const lastId = first.said.at(-1)?.id ?? "";
  first.leave?.();
  there.change("a", "second");
  await there.clock.pass(1_000);
  expect(join(there, { lastId }).names()).toEqual(["a second"]);
  expect(join(there, { lastId: "other.1" }).names()).toEqual(["a second", "b first"]);
  expect(stays.seen.ended).toBe(false);
});

test("a resource that breaks the making of its row is left out and told of, and all others go on", async () => {
  const there = world(["a", "b"]);
  there.change("a", "broken");
  const one = join(there, { key: "shop/a" });
  const all = join(there);
  await there.clock.pass(0);
  expect(all.names()).toEqual(["b first"]);
  expect(there.state.failures.length).toBeGreaterThan(0);
  there.change("a", "mended");
  await there.clock.pass(1_000);
  expect(all.names()).toEqual(["b first", "a mended"]);
  expect(one.said.at(-1)?.data).toEqual(detail("a", "mended"));
});

test("a slow one gets nothing until it has taken what it was sent, and then all at once", async () => {
  const there = world(["a"]);
  const client = join(there);
  await there.clock.pass(0);
  client.said.length = 0;
  client.seen.ready = false;
  there.change("a", "2");
  await there.clock.pass(1_000);
  there.change("a", "3");
  await there.clock.pass(1_000);
  expect(client.said).toEqual([]);
  client.seen.ready = true;
  await there.clock.pass(1_000);
  expect(client.names()).toEqual(["a 3"]);
});

test("one that takes nothing for a minute is let go", async () => {
  const there = world(["a"]);
  const client = join(there);
  await there.clock.pass(0);
  client.seen.ready = false;
  await there.clock.pass(70_000);
  expect(client.seen.ended).toBe(true);
  expect(there.hub.clients).toBe(0);
});

test("who looks at one resource hears of that one alone", async () => {
  const there = world(["a", "b"]);
  const client = join(there, { key: "shop/b" });
  await there.clock.pass(0);
  there.change("a", "2");
  await there.clock.pass(1_000);
  expect(client.said.filter(({ event }) => event === "detail").map(({ data }) => data)).toEqual([detail("b", "first")]);
  there.change("b", "2");
  await there.clock.pass(1_000);
  there.change("b", null);
  await there.clock.pass(1_000);
  const details = client.said.filter(({ event }) => event === "detail").map(({ data }) => data);
  expect(details).toEqual([detail("b", "first"), detail("b", "2"), null]);
});

test("there is a word at least each five seconds, so that silence means something", async () => {
  const there = world(["a"]);
  const client = join(there);
  await there.clock.pass(0);
  client.said.length = 0;
  await there.clock.pass(5_000);
  expect(client.said).toEqual([{ event: "health", id: "", data: HEALTH }]);
});

test("when the token is another, whoever came by the old one is let go", async () => {
  const there = world(["a"]);
  const client = join(there);
  await there.clock.pass(0);
  there.state.token = "two";
  await there.clock.pass(5_000);
  expect(client.seen.ended).toBe(true);
});

test("time alone makes news too: all is looked at again within fifteen seconds", async () => {
  const there = world(["a", "b", "c"]);
  const client = join(there);
  await there.clock.pass(0);
  client.said.length = 0;
  // Without a word to who listens.
  const quiet = [...there.listeners];
  there.listeners.clear();
  for (const name of ["a", "b", "c"]) there.change(name, "later");
  for (const listener of quiet) there.listeners.add(listener);
  await there.clock.pass(15_000);
  expect(client.names().toSorted()).toEqual(["a later", "b later", "c later"]);
});

test("there is room for so many and no more, and nothing goes on when the last has gone", async () => {
  const there = world(["a"]);
  const clients = Array.from({ length: MOST_CLIENTS }, () => join(there));
  expect(join(there).leave).toBe(null);
  await there.clock.pass(0);
  for (const { leave } of clients) leave?.();
  await there.clock.pass(2_000);
  expect(there.listeners.size).toBe(0);
  expect(there.clock.timers()).toBe(0);
  expect(join(there).leave).not.toBe(null);
});
