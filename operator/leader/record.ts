/** A Lease of coordination.k8s.io/v1, as far as it is used, and the bodies that are written: pure. */
export type Lease = {
  metadata: { name: string; namespace: string; resourceVersion?: string };
  spec?: LeaseSpec;
};

/** The times are for people: nobody's clock is trusted with who leads. */
export type LeaseSpec = {
  holderIdentity?: string | null;
  leaseDurationSeconds?: number | null;
  acquireTime?: string | null;
  renewTime?: string | null;
  leaseTransitions?: number | null;
};

/** Who holds it by its own words; "" for nobody. */
export const holderOf = (lease: Lease): string => lease.spec?.holderIdentity ?? "";

/** How long after its last change it is its holder's, ms. `otherwise` where it doesn't say. */
export function durationOf(lease: Lease, otherwise: number): number {
  const seconds = lease.spec?.leaseDurationSeconds;
  return typeof seconds === "number" && seconds > 0 ? seconds * 1_000 : otherwise;
}

/** What whoever takes it, or still has it, writes. `durationMs` in whole seconds; `wall` in ms since 1970. */
export function taken(lease: Lease, identity: string, durationMs: number, wall: number): Lease {
  const isOwn = holderOf(lease) === identity;
  const time = microTime(wall);
  return {
    ...lease,
    spec: {
      ...lease.spec,
      holderIdentity: identity,
      leaseDurationSeconds: durationMs / 1_000,
      acquireTime: isOwn ? (lease.spec?.acquireTime ?? time) : time,
      renewTime: time,
      leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + (isOwn || lease.spec === undefined ? 0 : 1),
    },
  };
}

/** What its holder writes at the end, so that another one takes it at once. As client-go does it. */
export function released(lease: Lease, wall: number): Lease {
  const time = microTime(wall);
  const spec = { holderIdentity: "", leaseDurationSeconds: 1, acquireTime: time, renewTime: time };
  return { ...lease, spec: { ...lease.spec, ...spec } };
}

const microTime = (wall: number): string => new Date(wall).toISOString().replace("Z", "000Z");
