import { setTimeout as sleep } from "node:timers/promises";
import { errorOf } from "../api/answer.ts";
import { ApiError, isApiError } from "../api/api.ts";
import type { Api, Query } from "../api/api.ts";
import { pathOf } from "../api/path.ts";
import type { Resource } from "../api/path.ts";
import type { KubernetesObject } from "../kubernetes/objects.ts";
import { missingKind } from "./missing.ts";
import type { Feed } from "./store.ts";
import { between, pauseAfter, TIMING } from "./timing.ts";
import type { Timing } from "./timing.ts";

/** Why a watch had to be begun again: nothing came; its version is too old; it broke; the server refused it. */
export type Restart = "silent" | "expired" | "broken" | "refused";

export type ReflectorOptions<T extends KubernetesObject> = {
  api: Api;
  resource: Resource;
  /** Null: of all namespaces. */
  namespace: string | null;
  /** Selectors. */
  query?: Query;
  feed: Feed<T>;
  signal: AbortSignal;
  /** Monotonic, in ms. */
  now: () => number;
  /** Called at each failure of a list or a watch, for log and metrics. Must not throw. */
  onRestart?: (why: Restart, error: ApiError | null) => void;
  timing?: Timing;
};

/** Keeps a store like the server has it, until the signal ends it: no failure does. */
export type Reflector = {
  /** Resolves when everything was listed once. Rejects if the server says that kind or right is missing (403, 404). */
  synced: Promise<void>;
  isSynced(): boolean;
  /** When the server last said something: a list, a watch's beginning, line or end; -Infinity before the first list. */
  freshAt(): number;
  restarts(): number;
  /** Lists again, consistently, and resolves when the store has what the server had at the call. */
  relist(): Promise<void>;
};

type List<T> = { metadata: { resourceVersion: string; continue?: string }; items: T[] | null };
type Event<T> =
  | { type: "ADDED" | "MODIFIED" | "DELETED"; object: T }
  | { type: "BOOKMARK"; object: { metadata: { resourceVersion: string } } }
  | { type: "ERROR"; object: { code?: number } };

const PAGE = 500;
/** The server's own limit of an object is 1.5 MB in etcd; as JSON it can be some times that. */
const LONGEST_LINE = 16 * 1024 * 1024;
/** So many watches in a row that bring nothing, and what was listed is no longer trusted. */
const PATIENCE = 5;

/**
 * A server that hasn't seen a change of a kind since its start sends no bookmarks of it (seen with 1.35), so silence proves
 * nothing. After one that was silent to the end, watches are asked for so much of the silence that is allowed: then it is
 * the server that ends them, and thereby says that it is there.
 */
const QUIET = 0.85;

export function startReflector<T extends KubernetesObject>(options: ReflectorOptions<T>): Reflector {
  const { api, resource, namespace, query, feed, signal, now, onRestart, timing = TIMING } = options;
  const path = pathOf(resource, namespace);
  const synced = Promise.withResolvers<void>();
  const state = {
    synced: false,
    ended: false,
    freshAt: -Infinity,
    restarts: 0,
    version: "",
    failures: 0,
    quiet: false,
  };
  /** Who asked for a list that hasn't begun yet. */
  let asked: PromiseWithResolvers<void>[] = [];
  /** Ends the watch or the pause that is on. */
  let current = new AbortController();

  /** A consistent list: without a resourceVersion the server asks etcd, whatever its own cache has. */
  async function list(): Promise<void> {
    const listing = feed.listing(namespace);
    let [next, version]: [string | undefined, string] = [undefined, ""];
    do {
      const given = { ...query, limit: PAGE, continue: next };
      const page: List<T> = await api.request("GET", path, { query: given, signal });
      listing.page(page.items ?? []);
      version = page.metadata.resourceVersion;
      next = page.metadata.continue;
    } while (next);
    listing.end(version);
    state.version = version;
  }

  /** Follows the changes since the version. Returns at the stream's own end; throws at any other. */
  async function watch(): Promise<void> {
    const stream = current;
    const silence = setTimeout(() => stream.abort(SILENT), timing.silence);
    const time = state.quiet ? timing.silence * QUIET : between(timing.watch, Math.random());
    const timeoutSeconds = Math.max(1, Math.floor(time / 1_000));
    const { version } = state;
    const given = { ...query, watch: true, allowWatchBookmarks: true, resourceVersion: version, timeoutSeconds };
    try {
      const opened = (): void => {
        state.freshAt = now();
        silence.refresh();
      };
      const how = { query: given, signal: stream.signal, longestLine: LONGEST_LINE, opened };
      for await (const line of api.lines(path, how)) {
        const event = JSON.parse(line) as Event<T>;
        if (event.type === "ERROR") throw errorOf({ method: "GET", path }, event.object.code ?? 500, event.object);
        if (event.type !== "BOOKMARK") feed.event(event.type, event.object);
        state.version = event.object.metadata.resourceVersion;
        state.freshAt = now();
        state.failures = 0;
        state.quiet = false;
        silence.refresh();
      }
      state.freshAt = now();
    } finally {
      clearTimeout(silence);
    }
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: current.signal }).catch(() => {}); // cut short: somebody wants a list, or the end
  }

  function restart(why: Restart, error: unknown): void {
    state.restarts++;
    onRestart?.(why, error instanceof ApiError ? error : null);
  }

  async function listOnce(): Promise<void> {
    const served = asked;
    asked = [];
    try {
      await list();
    } catch (error) {
      asked.push(...served);
      if (signal.aborted) return;
      const missing = state.synced ? null : missingKind(error, resource, namespace);
      if (missing !== null) throw missing;
      restart("refused", error);
      await pause(pauseAfter(++state.failures, timing.backoff, Math.random()));
      return;
    }
    state.freshAt = now();
    state.synced = true;
    synced.resolve();
    for (const { resolve } of served) resolve();
  }

  async function watchOnce(): Promise<void> {
    const [version, begun] = [state.version, now()];
    try {
      await watch();
      // A server that has nothing to say and ends at once would otherwise be asked without a pause.
      if (state.version !== version || now() - begun > timing.backoff[0]) return void (state.failures = 0);
    } catch (error) {
      if (current.signal.aborted && current.signal.reason !== SILENT) return;
      if (current.signal.aborted) {
        state.quiet = true;
        return restart("silent", null);
      }
      const expired = error instanceof ApiError && (error.status === 410 || isApiError(error, "Expired"));
      restart(expired ? "expired" : error instanceof ApiError && error.status !== 0 ? "refused" : "broken", error);
      if (expired) state.version = "";
      if (expired && ++state.failures === 1) return await pause(timing.spread * Math.random());
    }
    if (++state.failures % PATIENCE === 0) state.version = "";
    await pause(pauseAfter(state.failures, timing.backoff, Math.random()));
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      current = new AbortController();
      if (state.version === "" || asked.length > 0) await listOnce();
      else await watchOnce();
    }
    throw signal.reason;
  }

  const end = (): void => current.abort();
  signal.addEventListener("abort", end);
  synced.promise.catch(() => {}); // who doesn't wait for it isn't told by the end of the program
  run().catch((error: unknown) => {
    signal.removeEventListener("abort", end);
    state.ended = true;
    synced.reject(error);
    for (const { reject } of asked) reject(error);
  });

  return {
    synced: synced.promise,
    isSynced: () => state.synced,
    freshAt: () => state.freshAt,
    restarts: () => state.restarts,
    async relist() {
      signal.throwIfAborted();
      if (state.ended) return await synced.promise;
      const wanted = Promise.withResolvers<void>();
      asked.push(wanted);
      current.abort();
      await wanted.promise;
    },
  };
}

const SILENT = new Error("the stream was silent");
