import type { KubernetesObject } from "../kubernetes/objects.ts";
import type { Query } from "../api/api.ts";
import { pathOf } from "../api/path.ts";
import type { Resource } from "../api/path.ts";
import { asked } from "./ask.ts";
import type { Cluster } from "./cluster.ts";

const PAGE = 500;

/** All objects of a kind, in pages; of one namespace, or (null) of all. Throws a CliFailure that names the right that lacks. */
export async function list<T extends KubernetesObject>(
  { api }: Pick<Cluster, "api">,
  { kind, name, namespace, query = {} }: { kind: Resource; name: string; namespace: string | null; query?: Query },
  signal: AbortSignal,
): Promise<T[]> {
  const found: T[] = [];
  for (let next: string | undefined; ;) {
    const given = { ...query, limit: PAGE, continue: next };
    const ask = async () =>
      await api.request<{ metadata: { continue?: string }; items: T[] | null }>("GET", pathOf(kind, namespace), {
        query: given,
        signal,
      });
    const page = await asked(ask, { verbs: "list", resource: name, namespace }, { signal });
    found.push(...(page.items ?? []));
    next = page.metadata.continue || undefined;
    if (next === undefined) return found;
  }
}
