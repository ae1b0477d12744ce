import { keyOf } from "../kubernetes/objects.ts";
import type { KubernetesObject } from "../kubernetes/objects.ts";
import { compareVersions } from "./version.ts";

/** What happened to an object of a store. `own`: it is the answer to the operator's own write. */
export type Change<T> = { before: T | null; after: T | null; own: boolean };

/**
 * The objects of one kind that the operator knows, by `NAMESPACE/NAME`. Fed by a watch, and by the answers to own writes,
 * so that who wrote reads what it wrote: an older version from the watch doesn't come back over it.
 */
export type Store<T extends KubernetesObject, Index extends string = string> = {
  get(key: string): T | undefined;
  values(): IterableIterator<T>;
  readonly size: number;
  /** Those that the index has under that value. */
  by(index: Index, value: string): T[];
  /** The server's answer to an own write, or to a read of one object; dropped if what is known is as new or newer. */
  put(object: T): void;
  /** After the server said that this very object is gone. Older news of it are dropped from then on. */
  remove(key: string, uid: string): void;
};

/** A list that is being read. */
export type Listing<T extends KubernetesObject> = {
  /** A page of it: taken in at once, so that no list is ever held as a whole beside the store. */
  page(objects: readonly T[]): void;
  /** It is whole, and was true at this resourceVersion: what isn't in it is removed, but not what was written since. */
  end(version: string): void;
};

/** A store as its reflector sees it. */
export type Feed<T extends KubernetesObject> = {
  /** One event of a watch. */
  event(type: "ADDED" | "MODIFIED" | "DELETED", object: T): void;
  /** To be called before a list is asked for, of one namespace or (null) of all. */
  listing(namespace: string | null): Listing<T>;
};

export type StoreOptions<T, Index extends string> = {
  /** An object's value in each index, or its values; null: not in it. */
  indexes: Record<Index, (object: T) => string | readonly string[] | null>;
  /** What isn't kept counts as gone, and may come back. Not given: all is kept. */
  keep?: (object: T) => boolean;
  /** What is kept of an object. It may return the same one. */
  trim: (object: T) => T;
  /** Called after each change, when store and indexes have it. Must not throw. */
  onChange: (change: Change<T>) => void;
};

/** How many uids of deleted objects are remembered: enough for the answers that are under way when one is deleted. */
const REMEMBERED = 500;

export function createStore<T extends KubernetesObject, Index extends string>(
  options: StoreOptions<T, Index>,
): Store<T, Index> & Feed<T> {
  const { trim, onChange, keep = () => true } = options;
  const objects = new Map<string, T>();
  const indexes = Object.entries<(object: T) => string | readonly string[] | null>(options.indexes).map(
    ([name, valueOf]) => ({
      name,
      valueOf,
      keys: new Map<string, Keys>(),
    }),
  );
  /** uid of what is gone -> the version at which it went; null: by an own delete, whose version isn't known. */
  const gone = new Map<string, string | null>();

  function change(key: string, after: T | null, own: boolean): void {
    const before = objects.get(key) ?? null;
    if (after === null) objects.delete(key);
    else objects.set(key, after);
    for (const { valueOf, keys } of indexes) {
      const from = values(before && valueOf(before));
      const to = values(after && valueOf(after));
      for (const value of from) if (!to.includes(value)) leave(keys, value, key);
      for (const value of to) if (!from.includes(value)) enter(keys, value, key);
    }
    if (before !== null || after !== null) onChange({ before, after, own });
  }

  function forget(uid: string, version: string | null): void {
    gone.delete(uid);
    gone.set(uid, version);
    if (gone.size > REMEMBERED) for (const oldest of gone.keys()) return void gone.delete(oldest);
  }

  /** Whether it went after this version of it. */
  function isGone({ uid, resourceVersion }: T["metadata"]): boolean {
    const at = gone.get(uid);
    return at === null || (at !== undefined && (compareVersions(resourceVersion, at) ?? 1) <= 0);
  }

  function take(object: T, own: boolean): void {
    if (isGone(object.metadata)) return;
    const key = keyOf(object);
    const known = objects.get(key);
    // Where versions can't be compared the watch's word counts, because it comes in order; an answer's may be late.
    const newer = known && compareVersions(object.metadata.resourceVersion, known.metadata.resourceVersion);
    const isNewer = newer === undefined || (newer ?? (own ? 0 : 1)) > 0;
    if (isNewer && keep(object)) change(key, trim(object), own);
    else if (isNewer && known !== undefined) change(key, null, own);
    gone.delete(object.metadata.uid);
  }

  return {
    get: (key) => objects.get(key),
    values: () => objects.values(),
    get size() {
      return objects.size;
    },
    by(index, value) {
      const found = indexes.find(({ name }) => name === index)?.keys.get(value) ?? [];
      return (typeof found === "string" ? [found] : [...found]).flatMap((key) => objects.get(key) ?? []);
    },
    put: (object) => take(object, true),
    remove(key, uid) {
      forget(uid, null);
      if (objects.get(key)?.metadata.uid === uid) change(key, null, true);
    },
    event(type, object) {
      if (type !== "DELETED") return take(object, false);
      const { uid, resourceVersion } = object.metadata;
      forget(uid, resourceVersion);
      const known = objects.get(keyOf(object))?.metadata;
      if (known?.uid === uid && (compareVersions(resourceVersion, known.resourceVersion) ?? 1) >= 0) {
        change(keyOf(object), null, false);
      }
    },
    listing(namespace) {
      const goneBefore = new Set(gone.keys());
      const listed = new Set<string>();
      return {
        page(list) {
          for (const object of list) {
            if (keep(object)) listed.add(keyOf(object));
            // Said to be gone, and listed after that: it isn't.
            if (goneBefore.delete(object.metadata.uid)) gone.delete(object.metadata.uid);
            take(object, false);
          }
        },
        end(version) {
          for (const [key, { metadata }] of objects) {
            if (namespace !== null && metadata.namespace !== namespace) continue;
            if (listed.has(key) || (compareVersions(metadata.resourceVersion, version) ?? -1) > 0) continue;
            forget(metadata.uid, version);
            change(key, null, false);
          }
        },
      };
    },
  };
}

const values = (value: string | readonly string[] | null): readonly string[] =>
  value === null ? [] : typeof value === "string" ? [value] : value;

/** Most values are those of one object, as an owner's or a Job's: a Set for each would take more than the key. */
type Keys = string | Set<string>;

function enter(index: Map<string, Keys>, value: string, key: string): void {
  const keys = index.get(value);
  if (keys === undefined || keys === key) index.set(value, key);
  else if (typeof keys === "string") index.set(value, new Set([keys, key]));
  else keys.add(key);
}

function leave(index: Map<string, Keys>, value: string, key: string): void {
  const keys = index.get(value);
  if (keys === key) index.delete(value);
  if (!(keys instanceof Set)) return;
  keys.delete(key);
  if (keys.size === 0) index.delete(value);
}
