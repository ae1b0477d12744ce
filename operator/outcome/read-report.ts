import { Report } from "../../contract/report.ts";
import type { RunIdentity } from "./outcome.ts";
import type { Terminated } from "./pod-facts.ts";

/** The kubelet cuts a message there. */
const LONGEST_BYTES = 4_096;

/** What a container left: this run's own report, or why it is none. `mismatch`: a report, but not of this end. */
export type Read = { report: Report } | { report: null; mismatch: boolean; why: string };

/**
 * A termination message as a report. Anything in the pod may write one, and a pod with many containers cuts it: it counts
 * only whole, as this run's own, and with the exit code that the container really had.
 */
export function readReport({ message = "", exitCode }: Terminated, identity: RunIdentity): Read {
  if (message === "") return none("it left no report");
  if (Buffer.byteLength(message) > LONGEST_BYTES) return none(`its message is longer than ${LONGEST_BYTES} bytes`);
  const parsed = Report.safeParse(jsonOf(message));
  if (!parsed.success) return none("its message is not a report: cut off, or of another version");
  const report = parsed.data;
  if (report.runId !== identity.runId) return other("its report is of another run");
  if (report.tag !== identity.tag) return other("its report is of another release or epoch");
  if (report.command !== identity.command) return other(`its report is of the command ${report.command}`);
  if (report.exitCode !== exitCode) {
    return other(`its report says exit code ${report.exitCode}, and the container ended with ${exitCode}`);
  }
  return { report };
}

const none = (why: string): Read => ({ report: null, mismatch: false, why });
const other = (why: string): Read => ({ report: null, mismatch: true, why });

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
