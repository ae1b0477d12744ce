import { createHash } from "node:crypto";

/** A label of DNS, and so also a label's value: the Job controller puts the name on the pod. */
const LONGEST = 63;

/**
 * The name of a run's Job, from what it is made for: `web-5f0c1d92ab-3`. The same for the same arguments, so that a create
 * that is repeated meets its own Job. At most 63 characters, whatever the resource is called.
 */
export function jobName(resourceName: string, key: string, epoch: number, attempt: number): string {
  // The whole name is hashed too: what is cut off below would let two long names meet.
  const hash = createHash("sha256")
    .update(JSON.stringify([resourceName, key, epoch]))
    .digest("hex")
    .slice(0, 10);
  const end = `-${hash}-${attempt}`;
  const start = resourceName.replaceAll(".", "-").slice(0, LONGEST - end.length);
  return `${start.replace(/-+$/, "")}${end}`;
}
