/** Where the API server takes an object, by its own discovery. */
import type { Ask, Answer } from "../operator/ask.ts";
import type { Manifest } from "../operator/helm.ts";

type Found = { kind: string; name: string; namespaced: boolean };

/**
 * Asks the API server to make each object be as given, without making it, and to refuse unknown fields: a server-side apply as a dry
 * run. Returns what it refuses, one sentence each.
 */
export async function refusals(ask: Ask, objects: readonly Manifest[], namespace: string): Promise<string[]> {
  const known = new Map<string, Promise<Found[]>>();
  const kindsOf = async (apiVersion: string): Promise<Found[]> => {
    const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const asked = known.get(apiVersion) ?? ask("GET", path).then(({ body }) => (body["resources"] ?? []) as Found[]);
    known.set(apiVersion, asked);
    return await asked;
  };
  const answers = objects.map(async (object): Promise<string[]> => {
    const { apiVersion, kind, metadata } = object;
    const found = (await kindsOf(apiVersion)).find((one) => one.kind === kind && !one.name.includes("/"));
    if (found === undefined) return [`${kind} ${metadata.name}: the API server has no ${kind} of ${apiVersion}`];
    const base = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const inside = found.namespaced ? `/namespaces/${metadata.namespace ?? namespace}` : "";
    const query = "fieldManager=test&force=true&dryRun=All&fieldValidation=Strict";
    const options = { contentType: "application/apply-patch+yaml" };
    const path = `${base}${inside}/${found.name}/${metadata.name}?${query}`;
    return said(object, await ask("PATCH", path, object, options));
  });
  return (await Promise.all(answers)).flat();
}

const said = ({ kind, metadata }: Manifest, { status, message }: Answer): string[] =>
  status === 200 || status === 201 ? [] : [`${kind} ${metadata.name}: ${status} ${message}`];
