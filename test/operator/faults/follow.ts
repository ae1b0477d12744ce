import { setTimeout as sleep } from "node:timers/promises";
import type { Api, Query } from "../../../operator/api/api.ts";
import type { KubernetesObject } from "../../../operator/kubernetes/objects.ts";

export type Change<T> = { type: "ADDED" | "MODIFIED" | "DELETED"; object: T };

const LONGEST_LINE = 4 * 1_024 * 1_024;

/**
 * Tells of every change of a kind from now on, also over restarts of the API server. After one that has forgotten what was
 * before, it tells of what differs.
 */
export async function follow<T extends KubernetesObject>(
  api: Api,
  { path, query = {}, signal }: { path: string; query?: Query; signal: AbortSignal },
  tell: (change: Change<T>) => void,
): Promise<void> {
  let version = "";
  const known = new Map<string, T>();

  const list = async (): Promise<void> => {
    type List = { metadata: { resourceVersion: string }; items: T[] };
    const { metadata, items } = await api.request<List>("GET", path, { query, signal });
    version = metadata.resourceVersion;
    const there = new Set(items.map((object) => object.metadata.uid));
    for (const [uid, object] of known) if (!there.has(uid)) take({ type: "DELETED", object });
    for (const object of items) {
      const before = known.get(object.metadata.uid)?.metadata.resourceVersion;
      if (before !== object.metadata.resourceVersion) take({ type: before ? "MODIFIED" : "ADDED", object });
    }
  };
  const take = (change: Change<T>): void => {
    const { uid } = change.object.metadata;
    if (change.type === "DELETED") known.delete(uid);
    else known.set(uid, change.object);
    tell(change);
  };
  const watch = async (): Promise<void> => {
    const asked = { ...query, watch: true, allowWatchBookmarks: true, resourceVersion: version };
    for await (const line of api.lines(path, { query: asked, signal, longestLine: LONGEST_LINE })) {
      const { type, object } = JSON.parse(line) as Change<T> | { type: "BOOKMARK" | "ERROR"; object: T };
      if (type === "ERROR") return void (version = "");
      version = object.metadata.resourceVersion;
      if (type !== "BOOKMARK") take({ type, object });
    }
  };
  const forever = async (): Promise<void> => {
    for (; !signal.aborted; await sleep(50)) {
      // What is broken is tried again: the API server is killed here.
      await (version === "" ? list() : watch()).catch(() => undefined);
    }
  };
  await list();
  void forever();
}
