import { ApiError } from "../api/api.ts";
import type { Resource } from "../api/path.ts";
import { GROUP } from "../../contract/resource/names.ts";

/** What has to be done before a kind can be watched, if the failure of its list says that; null for any other failure. */
export function missingKind(error: unknown, resource: Resource, namespace: string | null): ApiError | null {
  if (!(error instanceof ApiError)) return null;
  const group = resource.api.replace(/^\/apis?\//, "");
  if (error.status === 404) {
    const cure = group.startsWith(`${GROUP}/`) ? `install the CRD ${resource.plural}.${GROUP}` : "use a newer cluster";
    const text = `The cluster doesn't serve ${resource.plural} of ${group}: ${cure}, and start again.`;
    return new ApiError(404, error.reason, text, error);
  }
  if (error.status === 403) {
    const where = namespace === null ? "in all namespaces" : `in the namespace ${namespace}`;
    const role = namespace === null ? "a ClusterRole" : "a Role there";
    const text =
      `The operator may not list ${resource.plural} of ${group} ${where}: ` +
      `give its service account list and watch by ${role}. ${error.message}`;
    return new ApiError(403, error.reason, text.slice(0, 1_024), error);
  }
  return null;
}
