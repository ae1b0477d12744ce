import { GROUP, PLURAL } from "../contract/resource/names.ts";
import { ApiError } from "./api/api.ts";
import type { Api } from "./api/api.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { Misconfigured } from "./misconfigured.ts";
import { untilAnswered } from "./until-answered.ts";

/** `without`: what is missing without it, where the operator can do without it. */
type Right = { group: string; resource: string; verb: string; without?: string };

/** What it does where it watches. To list is told by the watches themselves, which need it first. */
const RIGHTS: readonly Right[] = [
  { group: GROUP, resource: PLURAL, verb: "watch" },
  { group: GROUP, resource: `${PLURAL}/status`, verb: "patch" },
  { group: "batch", resource: "jobs", verb: "watch" },
  { group: "batch", resource: "jobs", verb: "get" },
  { group: "batch", resource: "jobs", verb: "create" },
  { group: "batch", resource: "jobs", verb: "delete" },
  { group: "", resource: "pods", verb: "watch" },
  { group: "", resource: "pods", verb: "get" },
  { group: "", resource: "pods", verb: "patch" },
  { group: "", resource: "pods", verb: "delete" },
  { group: "apps", resource: "deployments", verb: "watch" },
  { group: "apps", resource: "replicasets", verb: "watch" },
  { group: "", resource: "pods/log", verb: "get", without: "live progress" },
  { group: "", resource: "events", verb: "list", without: "why a Job has no pod" },
  { group: "events.k8s.io", resource: "events", verb: "create", without: "events" },
  { group: "events.k8s.io", resource: "events", verb: "patch", without: "how often an event was repeated" },
];

export type RightsOptions = {
  api: Api;
  /** Null: all. */
  namespaces: readonly string[] | null;
  clock: Clock;
  log: Log;
  signal: AbortSignal;
};

/**
 * Asks the API server for every right that is needed, so that a missing one is told at the start and not by the first
 * run. Throws Misconfigured that names those without which it can't work, and logs the others. A server that can't be
 * asked is asked again; one that doesn't let us ask is taken to allow everything.
 */
export async function checkRights({ api, namespaces, clock, log, signal }: RightsOptions): Promise<void> {
  const asked = (namespaces ?? [null]).flatMap((namespace) => RIGHTS.map((right) => ({ ...right, namespace })));
  const ask = async () => await Promise.all(asked.map(async (right) => await isAllowed(api, right, signal)));
  const answers = await untilAnswered({ clock, log, signal }, ask).catch((error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
    log.warn({ reason: error.reason }, "rights could not be checked");
    return null;
  });
  if (answers === null) return;
  const missing = asked.filter((_, index) => answers[index] !== true);
  for (const right of missing) {
    if (right.without !== undefined)
      log.warn({ right: rightText(right), without: right.without }, "a right is missing");
  }
  const needed = missing.filter(({ without }) => without === undefined);
  if (needed.length === 0) return;
  throw new Misconfigured(
    `The operator may not ${needed.map(rightText).join(", nor ")}.`,
    "Give its service account these verbs by a Role, as the chart lockkeeper does.",
  );
}

type Asked = Right & { namespace: string | null };

async function isAllowed(api: Api, { group, resource, verb, namespace }: Asked, signal: AbortSignal): Promise<boolean> {
  const [name = "", subresource = ""] = resource.split("/");
  const attributes = { group, resource: name, subresource, verb, namespace: namespace ?? "" };
  const body = {
    apiVersion: "authorization.k8s.io/v1",
    kind: "SelfSubjectAccessReview",
    spec: { resourceAttributes: attributes },
  };
  const path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
  const { status } = await api.request<{ status: { allowed: boolean } }>("POST", path, { body, signal });
  return status.allowed;
}

function rightText({ group, resource, verb, namespace }: Asked): string {
  const kind = group === "" ? resource : `${resource} of ${group}`;
  return `${verb} ${kind} in ${namespace === null ? "all namespaces" : `the namespace ${namespace}`}`;
}
