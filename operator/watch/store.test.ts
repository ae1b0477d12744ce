import { describe, expect, it } from "vitest";
import type { KubernetesObject } from "../kubernetes/objects.ts";
import { createStore } from "./store.ts";
import type { Change } from "./store.ts";

type Thing = KubernetesObject & { color: string };

const thing = (name: string, version: string, color = "red", uid = `uid-${name}`): Thing => ({
  metadata: { name, namespace: "shop", uid, resourceVersion: version, creationTimestamp: "2026-01-01T00:00:00Z" },
  color,
});

function storeOf(...things: Thing[]) {
  const changes: Change<Thing>[] = [];
  const store = createStore<Thing, "color">({
    indexes: { color: ({ color }) => (color === "none" ? null : color) },
    trim: (object) => ({ ...object }),
    onChange: (change) => changes.push(change),
  });
  for (const object of things) store.event("ADDED", object);
  changes.length = 0;
  return { store, changes, versions: () => [...store.values()].map(({ metadata }) => metadata.resourceVersion) };
}

describe("a store", () => {
  it("finds by key and by index, also after changes", () => {
    const { store } = storeOf(thing("a", "1"), thing("b", "2"), thing("c", "3", "none"));
    const names = (color: string) => store.by("color", color).map(({ metadata }) => metadata.name);
    expect([store.size, store.get("shop/a")?.color, store.get("other/a")]).toEqual([3, "red", undefined]);
    expect(names("red")).toEqual(["a", "b"]);
    store.event("MODIFIED", thing("a", "4", "blue"));
    store.event("MODIFIED", thing("c", "5", "blue"));
    expect([names("red"), names("blue"), names("none")]).toEqual([["b"], ["a", "c"], []]);
    store.event("DELETED", thing("a", "6", "blue"));
    expect([names("blue"), store.size]).toEqual([["c"], 2]);
  });

  it("tells of each change what was before and what is after", () => {
    const { store, changes } = storeOf();
    store.event("ADDED", thing("a", "1"));
    store.put(thing("a", "2", "blue"));
    store.event("DELETED", thing("a", "3", "blue"));
    expect(changes.map(({ before, after, own }) => [before?.color, after?.color, own])).toEqual([
      [undefined, "red", false],
      ["red", "blue", true],
      ["blue", undefined, false],
    ]);
  });

  it("keeps an own write over older events, also over a number with fewer digits", () => {
    const { store, changes, versions } = storeOf(thing("a", "8"));
    store.put(thing("a", "10"));
    store.event("MODIFIED", thing("a", "9"));
    store.event("MODIFIED", thing("a", "10"));
    expect([versions(), changes.length]).toEqual([["10"], 1]);
    store.event("MODIFIED", thing("a", "100000000000000000001"));
    expect(versions()).toEqual(["100000000000000000001"]);
  });

  it("drops the late answer to an own write when the watch was faster", () => {
    const { store, versions } = storeOf(thing("a", "8"));
    store.event("MODIFIED", thing("a", "12"));
    store.put(thing("a", "10"));
    expect(versions()).toEqual(["12"]);
  });

  it("drops the late answer to a write of what was deleted since", () => {
    const { store } = storeOf(thing("a", "8"));
    store.event("DELETED", thing("a", "12"));
    store.put(thing("a", "10"));
    expect(store.size).toBe(0);
    const listing = store.listing(null);
    listing.end("20");
    store.put(thing("a", "10"));
    expect(store.size).toBe(0);
  });

  it("takes the watch's word where versions can't be compared", () => {
    const { store, versions } = storeOf(thing("a", "v2-x"));
    store.put(thing("a", "v2-own"));
    expect(versions()).toEqual(["v2-x"]);
    store.event("MODIFIED", thing("a", "v1-y"));
    expect(versions()).toEqual(["v1-y"]);
    store.event("DELETED", thing("a", "v0-z"));
    expect(versions()).toEqual([]);
  });

  it("has forgotten at once what it was told is gone, and older news don't bring it back", () => {
    const { store, versions } = storeOf(thing("a", "8"));
    store.remove("shop/a", "uid-a");
    store.event("MODIFIED", thing("a", "9"));
    expect(versions()).toEqual([]);
    store.event("ADDED", thing("a", "11", "red", "uid-new"));
    store.event("DELETED", thing("a", "10"));
    store.remove("shop/a", "uid-a");
    expect(versions()).toEqual(["11"]);
  });

  it("takes an object again that had left its selector", () => {
    const { store, versions } = storeOf(thing("a", "8"));
    store.event("DELETED", thing("a", "9"));
    store.event("ADDED", thing("a", "12"));
    expect(versions()).toEqual(["12"]);
  });
});

describe("a list", () => {
  it("takes in each page, and at its end removes what isn't there any more", () => {
    const { store, changes } = storeOf(thing("a", "1"), thing("b", "2"), thing("c", "3"));
    const listing = store.listing(null);
    listing.page([thing("a", "1")]);
    listing.page([thing("b", "7", "blue"), thing("d", "8")]);
    expect(store.size).toBe(4);
    listing.end("9");
    expect(changes.map(({ before, after }) => [before?.metadata.name, after?.metadata.name])).toEqual([
      ["b", "b"],
      [undefined, "d"],
      ["c", undefined],
    ]);
  });

  it("doesn't remove or undo what was written since it was read", () => {
    const { store, versions } = storeOf(thing("a", "1"));
    const listing = store.listing(null);
    store.put(thing("a", "11"));
    store.put(thing("new", "12"));
    listing.page([thing("a", "1")]);
    listing.end("9");
    expect(versions()).toEqual(["11", "12"]);
  });

  it("brings back what was said to be gone before it was begun, but not what went since", () => {
    const { store, versions } = storeOf(thing("a", "1"), thing("b", "2"));
    store.remove("shop/a", "uid-a");
    const listing = store.listing(null);
    store.remove("shop/b", "uid-b");
    listing.page([thing("a", "3"), thing("b", "2")]);
    listing.end("9");
    expect(versions()).toEqual(["3"]);
  });

  it("of one namespace says nothing of another", () => {
    const { store } = storeOf(thing("a", "1"));
    store.listing("office").end("9");
    expect(store.size).toBe(1);
    store.listing("shop").end("9");
    expect(store.size).toBe(0);
  });
});
