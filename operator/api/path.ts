/** `/api/v1` or `/apis/GROUP/VERSION`, and the kind's plural. */
export type Resource = { api: string; plural: string };

/**
 * The path of a kind, of one object, or of a part of it (`status`, `log`). Names come from the cluster, so each is one
 * encoded segment, whatever it holds. Namespace null: cluster-wide.
 */
export function pathOf(resource: Resource, namespace: string | null, name?: string, part?: string): string {
  const within = namespace === null ? [] : ["namespaces", namespace];
  const segments = [...within, resource.plural, ...(name === undefined ? [] : [name]), ...(part ? [part] : [])];
  return `${resource.api}/${segments.map(segment).join("/")}`;
}

/** Dots alone would be resolved as a path's steps, and encoding doesn't touch them. */
function segment(name: string): string {
  if (name === "" || name === "." || name === "..")
    throw new Error(`${JSON.stringify(name)} can't be an object's name`);
  return encodeURIComponent(name);
}
