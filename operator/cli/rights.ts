/** What each command needs to be allowed to do: docs/kubectl.md is made from it, and tests run with these rights and no others. */
import { GROUP, PLURAL } from "../../contract/resource/names.ts";
import type { CommandName } from "./commands.ts";

export type Right = { apiGroups: string[]; resources: string[]; verbs: string[] };

const own = (...verbs: string[]): Right => ({ apiGroups: [GROUP], resources: [PLURAL], verbs });
const right = (group: string, resource: string, ...verbs: string[]): Right => ({
  ...{ apiGroups: [group], resources: [resource], verbs },
});

/** Only where the resource follows a Deployment: so that a change of it that the operator hasn't seen yet is waited for. */
const followed = right("apps", "deployments", "get");

/**
 * In the namespace of the resource. `apply` needs `create jobs` where the chart's admission policies are on: a DatabaseMigration
 * runs Jobs, so only who may do that may make one.
 */
export const RIGHTS: Record<CommandName, Right[]> = {
  apply: [own("list", "watch", "create", "patch"), right("batch", "jobs", "create"), followed],
  wait: [own("get", "list", "watch"), followed],
  status: [own("get", "list"), right("", "pods", "list")],
  retry: [own("list", "watch", "patch"), followed],
  open: [
    own("get"),
    right("", "pods", "get", "list", "patch"),
    right("apps", "deployments", "get"),
    right("apps", "replicasets", "get"),
    right("events.k8s.io", "events", "create"),
  ],
  job: [
    own("get"),
    right("batch", "jobs", "create", "get", "list", "delete"),
    right("", "pods", "list"),
    right("", "pods/log", "get"),
    right("apps", "deployments", "get", "list"),
  ],
};
