import { createHash } from "node:crypto";
import type { DatabaseMigration } from "../../contract/resource/resource.ts";

/**
 * A release's key: what proof is given for. Another resource, database, folder, ReplicaSet or image is another release.
 *
 * The ReplicaSet's uid, because a pod-template-hash comes back when a Deployment is deleted and created again. An image
 * pinned by its digest can't change, so for it the uid stays out, and a new template with the same digest needs no run.
 */
export function releaseKey(
  { metadata, spec }: Pick<DatabaseMigration, "metadata" | "spec">,
  release: { replicaSet: string | null; image: string },
): string {
  const { path = "", format } = spec.source;
  const place = hash([spec.database, path, format, spec.history]);
  const replicaSet = isPinned(release.image) ? "" : (release.replicaSet ?? "");
  return hash([metadata.uid, place, replicaSet, release.image]);
}

/** Whether the reference names its content, not a tag that may be pushed again. */
export const isPinned = (image: string): boolean => /@sha256:[0-9a-f]{64}$/.test(image);

/** 128 bits of SHA-256 over the value's canonical JSON, in hexadecimal. */
export const hash = (value: unknown): string =>
  createHash("sha256").update(canonical(value)).digest("hex").slice(0, 32);

/** JSON with sorted keys, so that the order in which a client wrote a spec doesn't matter. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner === null || typeof inner !== "object" || Array.isArray(inner)
      ? inner
      : Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
}
