import type { Cluster } from "../cluster/provider.ts";
import { askWith } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { writeKubeconfig } from "./install.ts";

export type Right = { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] };
export type Person = AsyncDisposable & { ask: Ask; user: string; kubeconfig: string };

/** Gives the user or ServiceAccount these rights in the namespace. */
export async function grant(cluster: Cluster, namespace: string, user: string, rules: Right[]): Promise<void> {
  const name = user.replaceAll(":", "-");
  const api = "rbac.authorization.k8s.io";
  await cluster.apply(
    { apiVersion: `${api}/v1`, kind: "Role", metadata: { name, namespace }, rules },
    {
      apiVersion: `${api}/v1`,
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup: api, kind: "Role", name },
      subjects: [{ apiGroup: api, kind: "User", name: user }],
    },
  );
}

/** A ServiceAccount of the namespace with these rights there, and its own token. */
export async function person(cluster: Cluster, namespace: string, name: string, rules: Right[]): Promise<Person> {
  await cluster.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
  const user = `system:serviceaccount:${namespace}:${name}`;
  await grant(cluster, namespace, user, rules);
  const credentials = await writeKubeconfig(cluster, namespace, name);
  return {
    ...{ user, kubeconfig: credentials.kubeconfig },
    ask: await askWith(credentials.kubeconfig),
    [Symbol.asyncDispose]: async () => await credentials[Symbol.asyncDispose](),
  };
}
