/** What somebody waits for, and which of a resource's releases that is. Pure. */
import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Release } from "../../contract/resource/status.ts";
import { cut } from "../reconcile/cut.ts";
import { isPinned, releaseKey } from "../release/key.ts";

/** What is waited for. */
export type Asked = {
  /** The spec's generation that counts, or a newer one. */
  generation: number;
  /** The release with this image; null: whatever the resource wants. */
  image: string | null;
  /** The very release of a spec that names its image or ConfigMap: of `apply`. */
  key: string | null;
  /** The Deployment's generation that the operator has to have seen; null where there is none, or it may not be read. */
  workload: { name: string; generation: number; before: number | null } | null;
  /** Whether nothing else will lift `suspend`: it stands in what was applied. */
  suspendedFails: boolean;
};

export const isApplied = ({ state, epoch }: Release, { status }: DatabaseMigration): boolean =>
  state === "Applied" && epoch === (status.epoch ?? 1);

export const appliedText = ({ reason, message, version }: Release): string =>
  `${reason ?? "Applied"}: ${message ?? version}`;

/** The image that the resource wants, as the operator has seen it. */
export const targetImage = ({ spec, status }: DatabaseMigration): string | null =>
  spec.source.workload === undefined
    ? (spec.source.image?.ref ?? spec.source.configMap?.name ?? null)
    : (status.source?.image ?? null);

export const isTarget = (migration: DatabaseMigration, image: string): boolean =>
  targetImage(migration) === cut(image, 512);

/** The key of what the spec itself names; null where it follows a Deployment. */
export function fixedKey(migration: Pick<DatabaseMigration, "metadata" | "spec">): string | null {
  const { workload, image, configMap } = migration.spec.source;
  if (workload !== undefined) return null;
  return keyOf(migration, image === undefined ? `configmap:${configMap?.name ?? ""}` : image.ref);
}

const keyOf = (migration: Pick<DatabaseMigration, "metadata" | "spec">, image: string): string =>
  releaseKey(migration, { replicaSet: null, image });

/** What is asked for, where its key can be told: of a fixed source, and of an image that is pinned by its digest. */
export function exactRelease(migration: DatabaseMigration, { key, image }: Asked): Release | null {
  const isExact = migration.spec.source.workload === undefined || (image !== null && isPinned(image));
  const exact = key ?? (image !== null && isExact ? keyOf(migration, image) : fixedKey(migration));
  return (migration.status.releases ?? []).find((release) => release.key === exact) ?? null;
}

export function isPinnedProof(migration: DatabaseMigration, asked: Asked): boolean {
  const release = asked.image !== null && isPinned(asked.image) ? exactRelease(migration, asked) : null;
  return release !== null && isApplied(release, migration);
}

/** The release with that image and the highest revision; of several the one that was at work last. */
export function newestRelease({ status }: DatabaseMigration, image: string | null): Release | null {
  const same = (status.releases ?? []).filter((release) => image !== null && release.image === cut(image, 512));
  return same.toSorted((a, b) => b.revision - a.revision)[0] ?? null;
}
