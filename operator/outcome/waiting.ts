import { COPY_CONTAINER, RUN_ANNOTATION, RUNNER_CONTAINER } from "../../contract/resource/names.ts";
import type { Reason } from "../../contract/resource/reason.ts";
import type { Job, Pod } from "../kubernetes/objects.ts";
import { copyUnsupported, lacksProgram } from "./copy.ts";
import type { Loss } from "./lost.ts";
import { containerOf, podCondition } from "./pod-facts.ts";

/** Nothing to tell, something that somebody should know, or something that waiting doesn't change. */
export type Wait = { is: "usual" } | { is: "held"; reason: Reason; message: string } | { is: "hopeless"; loss: Loss };

const USUAL: Wait = { is: "usual" };
const held = (reason: Reason, message: string): Wait => ({ is: "held", reason, message });

/** The kubelet's reasons around an image (its pkg/kubelet/images and the CRI's errors). */
const IMAGE_REASONS = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "InvalidImageName",
  "ErrImageNeverPull",
  "ImageInspectError",
  "RegistryUnavailable",
  "SignatureValidationFailed",
]);

/**
 * What runtimes say that don't know image volumes: they get a mount without a path on the host. containerd before 2.1 makes
 * a folder of no name, CRI-O and cri-dockerd refuse an empty source. The last ones say that mounting failed.
 */
const NO_IMAGE_VOLUMES = [
  /failed to mkdir ""|mkdir : no such file or directory/,
  /mount\.HostPath is empty/i,
  /field Source must not be empty/i,
  /ImageVolumeMountFailed|failed to mount image volume/,
];

/** How long a pod on a node may take to have its volumes and its network, ms. */
const PREPARED_WITHIN_MS = 60_000;

/** Why the runner of this pod doesn't run yet. */
export function waitOf(job: Job, pod: Pod, now: Date): Wait {
  const unscheduled = podCondition(pod, "PodScheduled", "False");
  if (unscheduled !== undefined) {
    return held("PodNotScheduled", `no node takes its pod: ${unscheduled.message ?? unscheduled.reason ?? ""}`);
  }
  const waits = [COPY_CONTAINER, RUNNER_CONTAINER].map((name) => waitOfContainer(job, pod, name));
  return waits.find(({ is }) => is !== "usual") ?? waitOfSandbox(pod, now);
}

function waitOfContainer(job: Job, pod: Pod, name: string): Wait {
  const container = containerOf(pod, name);
  const { reason = "", message = "" } = container?.state?.waiting ?? {};
  if (container === undefined || reason === "") return USUAL;
  if (IMAGE_REASONS.has(reason)) {
    // An image volume's pull is told at the container that mounts it: the message names the image then, if at all.
    const images = [container.image ?? "", job.metadata.annotations?.[RUN_ANNOTATION.source] ?? ""];
    const image = images.find((one) => one !== "" && message.includes(one)) ?? images[0];
    return held("ImagePullFailed", `the image ${image} can't be pulled (${reason}): ${message}`);
  }
  if (reason === "CreateContainerConfigError") return held("PodNotStarted", `its container can't be made: ${message}`);
  if (reason !== "CreateContainerError" && reason !== "RunContainerError") return USUAL;
  if (name === COPY_CONTAINER && lacksProgram(message)) {
    return { is: "hopeless", loss: copyUnsupported(container.image ?? "the image") };
  }
  if (NO_IMAGE_VOLUMES.some((pattern) => pattern.test(message)))
    return { is: "hopeless", loss: noImageVolumes(message) };
  return held("PodNotStarted", `its container can't be made: ${message}`);
}

const noImageVolumes = (message: string): Loss => ({
  reason: "ImageVolumeUnsupported",
  retry: true,
  message: `the node can't mount an image as a volume (source.copy: InitContainer does without): ${message}`,
});

/** A volume that can't be mounted is told in events only; that the pod isn't prepared, by a condition. */
function waitOfSandbox(pod: Pod, now: Date): Wait {
  const unprepared = podCondition(pod, "PodReadyToStartContainers", "False");
  const since = podCondition(pod, "PodScheduled", "True")?.lastTransitionTime;
  if (unprepared === undefined || since === undefined) return USUAL;
  if (now.getTime() - Date.parse(since) < PREPARED_WITHIN_MS) return USUAL;
  const { name, namespace } = pod.metadata;
  const look = `kubectl describe pod ${name} --namespace ${namespace}`;
  return held(
    "PodNotStarted",
    `its pod has a node, but no volumes or network yet: a Secret or ConfigMap may be missing (${look})`,
  );
}
