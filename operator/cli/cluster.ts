import { EXIT } from "../../contract/exit-code.ts";
import { VERSION } from "../../contract/version.ts";
import { delimiter } from "node:path";
import type { Api } from "../api/api.ts";
import { connect } from "../api/connect.ts";
import { createApi } from "../api/request.ts";
import { CliFailure } from "./failure.ts";
import type { Host } from "./host.ts";

/** The cluster that a command works on, and the namespace that it means. */
export type Cluster = { api: Api; server: string; namespace: string; close(): void };

export type ClusterFlags = { namespace?: string; context?: string; kubeconfig?: string };

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** As kubectl finds it: --kubeconfig, KUBECONFIG, ~/.kube/config, the pod's service account. Asks nothing yet. */
export function openCluster(flags: ClusterFlags, host: Host): Cluster {
  const { namespace } = flags;
  if (namespace !== undefined && !NAMESPACE.test(namespace)) {
    throw new CliFailure(EXIT.invalidInput, `${JSON.stringify(namespace)} can't be a namespace's name`);
  }
  try {
    const connection = connect(
      {
        kubeconfig: flags.kubeconfig ?? listed(host.variables["KUBECONFIG"]),
        inCluster: false,
        context: flags.context ?? null,
        userAgent: `kubectl-lockkeeper/${VERSION}`,
      },
      host.now,
    );
    return {
      api: createApi(connection),
      server: connection.server.origin,
      namespace: namespace ?? connection.namespace ?? "default",
      close: () => connection.close(),
    };
  } catch (error) {
    const hint = "Give --kubeconfig and --context, set KUBECONFIG, or run it in a pod with a service account.";
    throw new CliFailure(
      EXIT.invalidInput,
      `how to reach the cluster can't be read: ${(error as Error).message}`,
      hint,
      error,
    );
  }
}

function listed(variable: string | undefined): string[] | null {
  const files = (variable ?? "").split(delimiter).filter((file) => file !== "");
  return files.length === 0 ? null : files;
}
