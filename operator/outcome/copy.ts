import { COPY_CONTAINER } from "../../contract/resource/names.ts";
import type { Job, Pod } from "../kubernetes/objects.ts";
import { disruptionOf } from "./lost.ts";
import type { Loss } from "./lost.ts";
import { containerOf } from "./pod-facts.ts";
import type { Terminated } from "./pod-facts.ts";

/** runc and crun say it so, containerd and CRI-O pass it on. */
const NO_PROGRAM = /executable file .{0,40}not found|exec.{0,20}cp.{0,80}no such file or directory/i;
/** A shell's words for a program that isn't there, or can't be run. */
const NO_PROGRAM_CODES = new Set([126, 127]);

export const lacksProgram = (message: string): boolean => NO_PROGRAM.test(message);

/** The copying of files out of the image, where that has failed. */
export function failedCopy(job: Job, pod: Pod): { loss: Loss; end: Terminated } | null {
  const container = containerOf(pod, COPY_CONTAINER);
  const end = container?.state?.terminated;
  if (container === undefined || end === undefined || end.exitCode === 0) return null;
  return { loss: lossOfCopy(job, pod, end, container.image ?? "the image"), end };
}

function lossOfCopy(job: Job, pod: Pod, { exitCode, reason = "", message = "" }: Terminated, image: string): Loss {
  if (reason === "OOMKilled") {
    return { reason: "OutOfMemory", retry: true, message: "copying the migrations was killed for its memory" };
  }
  const disruption = disruptionOf(job, pod);
  if (disruption !== null) return disruption;
  const cantRun = reason === "StartError" || reason === "ContainerCannotRun";
  if ((cantRun && lacksProgram(message)) || NO_PROGRAM_CODES.has(exitCode)) return copyUnsupported(image);
  if (cantRun) {
    return { reason: "PodNotStarted", retry: true, message: `copying out of ${image} couldn't start: ${message}` };
  }
  if (exitCode > 128) {
    return { reason: "Killed", retry: true, message: `copying out of ${image} was killed (exit code ${exitCode})` };
  }
  // cp itself names the path.
  const why = message.trim() === "" ? `cp ended with exit code ${exitCode}` : message;
  const text = `the folder source.path can't be copied out of ${image}: ${why}`;
  return { reason: "InvalidSource", retry: false, message: text };
}

export const copyUnsupported = (image: string): Loss => ({
  reason: "CopyUnsupported",
  retry: false,
  message: `${image} has no cp to copy the migrations with. Use an image that has it, or image volumes (source.copy: ImageVolume)`,
});
