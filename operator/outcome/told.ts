import { redact } from "../../contract/redact.ts";

const LONGEST = 512;
/** More than a whole termination message: what comes later is cut off anyway. */
const LOOKED_AT = 8_192;

/**
 * A text from the cluster as a condition may tell it: one line, at most 512 characters, without the password of any URL in
 * it. Who wrote it isn't known: a scheduler, a kubelet, a program in somebody's image.
 */
export function told(text: string): string {
  const line = redact(text.slice(0, LOOKED_AT), [])
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ")
    .trim()
    .toWellFormed();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1).toWellFormed()}…`;
}
