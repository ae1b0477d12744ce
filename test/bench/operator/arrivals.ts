import { now } from "./client.ts";
import type { Client } from "./client.ts";

/** Only metadata: the watch shouldn't cost more than what it watches. */
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

export type Watched = {
  metadata: {
    name: string;
    uid: string;
    resourceVersion: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: { name: string; uid: string }[];
  };
  status?: Record<string, unknown>;
};

export type Arrivals = {
  /** When the first event came that the watch told of under this name, in ms of the machine's clock. Waits for it. */
  of(name: string): Promise<number>;
  /** The objects whose events came, by name. */
  seen: Map<string, { at: number; object: Watched }>;
  /** Forgets them all: the same names come again. */
  clear(): void;
};

export type Watch = {
  path: string;
  /** What an event is told under; null: nothing. */
  nameOf: (object: Watched) => string | null;
  whole?: boolean;
};

const PATIENCE_MS = 60_000;

/** Watches from now on. Times are of this process's arrival: events carry none in milliseconds. */
export async function watchArrivals(client: Client, { path, nameOf, whole = false }: Watch): Promise<Arrivals> {
  const { metadata } = JSON.parse(await client.send({ method: "GET", path: `${path}?limit=1` })) as {
    metadata: { resourceVersion: string };
  };
  const seen: Arrivals["seen"] = new Map();
  const waiting = new Map<string, (at: number) => void>();
  let version = metadata.resourceVersion;
  const watch = async () =>
    await client.lines(
      `${path}?watch=true&resourceVersion=${version}&timeoutSeconds=3600`,
      whole ? "application/json" : METADATA,
    );
  const first = await watch();

  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const follow = async (lines: AsyncIterable<string>): Promise<void> => {
    for await (const line of lines) {
      const { type, object } = JSON.parse(line) as { type: string; object: Watched };
      if (type === "ERROR") throw new Error(`The watch of ${path} ended: ${line.slice(0, 300)}`);
      version = object.metadata.resourceVersion;
      const name = type === "DELETED" ? null : nameOf(object);
      if (name === null || seen.has(name)) continue;
      const at = now();
      seen.set(name, { at, object });
      waiting.get(name)?.(at);
    }
  };
  const read = async (): Promise<void> => {
    // The server ends a watch whose reader is late: it goes on where it was.
    for (let lines = first; ; lines = await watch()) await follow(lines);
  };
  read().catch(failed.reject);

  return {
    seen,
    clear: () => seen.clear(),
    async of(name) {
      const known = seen.get(name);
      if (known !== undefined) return known.at;
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      waiting.set(name, resolve);
      const late = setTimeout(() => reject(new Error(`${path}: nothing of ${name} in ${PATIENCE_MS} ms`)), PATIENCE_MS);
      try {
        return await Promise.race([promise, failed.promise]);
      } finally {
        clearTimeout(late);
        waiting.delete(name);
      }
    },
  };
}
