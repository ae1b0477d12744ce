import { hash as digest } from "node:crypto";
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
  const replicaSet = isPinned(release.image) ? "" : (release.replicaSet ?? "");
  return hash([metadata.uid, placeOf(spec), replicaSet, release.image]);
}

/** By spec, which nobody changes once it is parsed: a look at a thousand gated pods asks for it as often. */
const places = new WeakMap<DatabaseMigration["spec"], string>();

/** Which history in which database the source's migrations go to. */
function placeOf(spec: DatabaseMigration["spec"]): string {
  const known = places.get(spec);
  if (known !== undefined) return known;
  const { path = "", format } = spec.source;
  const place = hash([spec.database, path, format, spec.history]);
  places.set(spec, place);
  return place;
}

/** Whether the reference names its content, not a tag that may be pushed again. */
export const isPinned = (image: string): boolean => /@sha256:[0-9a-f]{64}$/.test(image);

/** 128 bits of SHA-256 over the value's canonical JSON, in hexadecimal. */
export const hash = (value: unknown): string => digest("sha256", canonical(value)).slice(0, 32);

/** JSON with sorted keys, so that the order in which a client wrote a spec doesn't matter. */
function canonical(value: unknown): string {
  if (Array.isArray(value) && value.every((inner) => typeof inner === "string")) return JSON.stringify(value);
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner === null || typeof inner !== "object" || Array.isArray(inner)
      ? inner
      : Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  );
}
