/** What the operator asks of the API server, by names that are the same in every run. */
import type { ProxiedRequest } from "../proxy-rule.ts";

type Body = {
  reason?: string;
  metadata?: { annotations?: Record<string, string> };
  spec?: { holderIdentity?: string };
  status?: { releases?: { state: string; attempt: number }[]; conditions?: { type: string; reason: string }[] };
};

/** Method and path without names, and what a write is for: `PATCH databasemigrations/NAME/status: Running 1`. */
export function callOf({ method, path, query, watch, body }: ProxiedRequest): string {
  const template = path
    .replace(/^\/(api|apis\/[^/]+)\/v[^/]+\//, "")
    .replace(/^namespaces\/[^/]+\//, "")
    .replace(/^([a-z]+)\/[^/]+/, "$1/NAME");
  const what = body === "" ? "" : purposeOf(JSON.parse(body) as Body);
  const how = watch ? "WATCH" : query.has("dryRun") ? `${method} DRY` : method;
  return `${how} ${template}${what === "" ? "" : `: ${what}`}`;
}

function purposeOf({ reason, metadata, spec, status }: Body): string {
  if (spec?.holderIdentity !== undefined) return spec.holderIdentity === "" ? "released" : "held";
  const [release] = status?.releases ?? [];
  if (release !== undefined) return `${release.state} ${release.attempt}`;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const attempt = metadata?.annotations?.["lockkeeper.dev/attempt"];
  return reason ?? ready?.reason ?? (attempt === undefined ? "" : `attempt ${attempt}`);
}

/** Whether it changes something: then the operator may die before it is done, or after. */
export const isWrite = (call: string): boolean =>
  /^(POST|PUT|PATCH|DELETE) (?!DRY)/.test(call) && !call.includes("selfsubjectaccessreviews");

/** Names calls as they come, each with which of its kind it is: the first, or a later one. */
export function numbered(): (request: ProxiedRequest) => string {
  const counts = new Map<string, number>();
  return (request) => {
    const call = callOf(request);
    const count = (counts.get(call) ?? 0) + 1;
    counts.set(call, count);
    return count === 1 ? call : `${call}, again`;
  };
}

/** Whether it is for the resource of that name. */
export const isFor = ({ path, body }: ProxiedRequest, name: string): boolean =>
  new RegExp(`[/"]${name}[-/".]`).test(`${path} ${body}`);
