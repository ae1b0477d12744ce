import { RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import { connectionOf } from "./connection.ts";
import { containerBasics, podSecurity } from "./container.ts";
import { filesOf } from "./files.ts";
import type { RunOrder } from "./order.ts";
import { runnerArguments } from "./runner-arguments.ts";
import type { Paths } from "./runner-arguments.ts";
import type { RunnerSettings } from "./runner-settings.ts";

/** The runner rolls back, logs and drops its connections within 5 s of SIGTERM; a slow server gets time to commit. */
const GRACE_SECONDS = 30;

/**
 * The run's pod: the runner, and before it, where that is how files leave the image, a copy of them. It passes the Pod
 * Security level `restricted`, has no token of its ServiceAccount, and needs no folder to write to. `argumentsOf`: the runner's
 * command line, where it isn't the order's own.
 */
export function podSpec(
  order: RunOrder,
  { runnerImage, runnerPullPolicy }: RunnerSettings,
  argumentsOf: (order: RunOrder, paths: Paths) => string[] = runnerArguments,
) {
  const basics = containerBasics(order.migration.spec.job.resources);
  const connection = connectionOf(order.migration.spec);
  const files = filesOf(order, basics);
  const volumes = [...files.volumes, ...connection.volumes];
  return {
    restartPolicy: "Never",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    securityContext: podSecurity,
    ...placeOf(order),
    ...(files.copies.length === 0 ? {} : { initContainers: files.copies }),
    containers: [
      {
        ...basics,
        name: RUNNER_CONTAINER,
        image: runnerImage,
        imagePullPolicy: runnerPullPolicy,
        args: argumentsOf(order, { dir: files.dir, caFile: connection.caFile }),
        env: connection.env,
        volumeMounts: [...files.mounts, ...connection.mounts],
        terminationMessagePath: "/dev/termination-log",
        // What stands there is the report and nothing else: a log's end could be taken for one.
        terminationMessagePolicy: "File",
      },
    ],
    volumes,
  };
}

/** Where the pod may run and as whom it pulls: as the resource says, else as the followed Deployment's pods. */
function placeOf({ migration, template }: RunOrder) {
  const { job } = migration.spec;
  const from = template?.spec;
  return given({
    serviceAccountName: job.serviceAccountName ?? from?.serviceAccountName,
    imagePullSecrets: job.imagePullSecrets ?? from?.imagePullSecrets,
    nodeSelector: job.nodeSelector ?? from?.nodeSelector,
    tolerations: job.tolerations ?? from?.tolerations,
    priorityClassName: job.priorityClassName,
  });
}

const given = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
