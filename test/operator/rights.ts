import type { Ask } from "./ask.ts";

type Rule = { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] };

/** The rights on resources in the namespace that not everybody has, as `group/resource name: verbs`, sorted. */
export async function rightsIn(ask: Ask, namespace: string): Promise<string[]> {
  const path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
  const { body } = await ask("POST", path, { spec: { namespace } });
  const { resourceRules } = body["status"] as { resourceRules: Rule[] };
  return resourceRules
    .flatMap(({ apiGroups, resources, verbs, resourceNames = [] }) =>
      apiGroups.flatMap((group) =>
        resources.map((resource) => {
          const what = [group === "" ? resource : `${group}/${resource}`, ...resourceNames].join(" ");
          return `${what}: ${verbs.toSorted((a, b) => a.localeCompare(b)).join(" ")}`;
        }),
      ),
    )
    .filter(
      (right) => !right.startsWith("authorization.k8s.io/self") && !right.startsWith("authentication.k8s.io/self"),
    )
    .toSorted((a, b) => (a < b ? -1 : 1));
}
