import { isApiError } from "../api/api.ts";
import type { Api } from "../api/api.ts";
import type { Clock } from "../clock.ts";
import { Misconfigured } from "../misconfigured.ts";
import { durationOf, holderOf, released, taken } from "./record.ts";
import type { Lease } from "./record.ts";

export type LeaseOptions = {
  api: Api;
  clock: Clock;
  namespace: string;
  name: string;
  /**
   * Whoever has the same one is taken for the same: it takes the lease at once. A pod's name fits, because its container's
   * next process starts when the last one is gone.
   */
  identity: string;
};

/** The one Lease, by requests: who has written it, and when we saw that. Times are the clock's monotonic ms. */
export type LeaseClient = {
  /**
   * Takes it if nobody holds it, or its holder hasn't renewed it for its duration: as we saw it, because nobody's clock is
   * compared with ours. Gives until when we may act, or null when it is another's. Throws Misconfigured when we may not.
   */
  take(signal: AbortSignal): Promise<number | null>;
  /** Gives until when we may act from now on, or null when somebody else has it. Throws when that isn't known. */
  renew(signal: AbortSignal): Promise<number | null>;
  /** Says that nobody holds it, if we do. */
  release(signal: AbortSignal): Promise<void>;
};

/** client-go's times. Others may take it after DURATION, we act no more after DEADLINE: what was sent by then has the time
 * between to arrive. Both are counted from before the request was sent. */
const DURATION_MS = 15_000;
const DEADLINE_MS = 10_000;

export function leaseClient({ api, clock, namespace, name, identity }: LeaseOptions): LeaseClient {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;
  const path = `${collection}/${encodeURIComponent(name)}`;
  /** As it was last answered, and since when it is so. */
  let known: Lease | null = null;
  let knownSince = 0;

  const learn = (lease: Lease | null): void => {
    if (lease === null || lease.metadata.resourceVersion !== known?.metadata.resourceVersion) knownSince = clock.now();
    known = lease;
  };
  const read = async (signal: AbortSignal): Promise<Lease | null> => {
    try {
      learn(await api.request<Lease>("GET", path, { signal }));
    } catch (error) {
      if (!isApiError(error, "NotFound")) throw error;
      learn(null);
    }
    return known;
  };
  const put = async (body: Lease, signal: AbortSignal): Promise<void> => {
    learn(await api.request<Lease>("PUT", path, { body, signal }));
  };
  const write = async (lease: Lease | null, signal: AbortSignal): Promise<number> => {
    const sentAt = clock.now();
    const body = taken(lease ?? newLease(namespace, name), identity, DURATION_MS, clock.wall());
    if (lease === null) learn(await api.request<Lease>("POST", collection, { body, signal }));
    else await put(body, signal);
    return sentAt + DEADLINE_MS;
  };

  return {
    async take(signal) {
      try {
        const lease = await read(signal);
        const isAnothers = lease !== null && holderOf(lease) !== "" && holderOf(lease) !== identity;
        if (isAnothers && clock.now() < knownSince + durationOf(lease, DURATION_MS)) return null;
        return await write(lease, signal);
      } catch (error) {
        if (isApiError(error, "Conflict") || isApiError(error, "AlreadyExists")) return null;
        throw explained(error, namespace);
      }
    },
    async renew(signal) {
      try {
        return await write(known, signal);
      } catch (error) {
        if (!isStale(error)) throw error;
      }
      // Somebody wrote or deleted it: or it was us, by a request whose answer didn't arrive.
      const lease = await read(signal);
      return lease === null || holderOf(lease) === identity ? await write(lease, signal) : null;
    },
    async release(signal) {
      if (known === null || holderOf(known) !== identity) return;
      try {
        await put(released(known, clock.wall()), signal);
      } catch (error) {
        if (!isApiError(error, "Conflict")) throw error;
        const lease = await read(signal);
        if (lease !== null && holderOf(lease) === identity) await put(released(lease, clock.wall()), signal);
      }
    },
  };
}

const newLease = (namespace: string, name: string): Lease =>
  ({ apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name, namespace } }) as Lease;

const isStale = (error: unknown): boolean =>
  isApiError(error, "Conflict") || isApiError(error, "NotFound") || isApiError(error, "AlreadyExists");

function explained(error: unknown, namespace: string): unknown {
  if (isApiError(error, "Forbidden")) {
    const hint = `Give the operator's account the verbs get, create and update on leases of coordination.k8s.io there.`;
    return new Misconfigured(`The operator may not use leases in the namespace ${namespace}.`, hint, error);
  }
  if (isApiError(error, "NotFound")) {
    const hint = "Set POD_NAMESPACE to the namespace that the operator runs in.";
    return new Misconfigured(`There is no namespace ${namespace} for the operator's lease.`, hint, error);
  }
  return error;
}
