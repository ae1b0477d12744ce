import { isIP } from "node:net";
import type { Variables } from "../environment.ts";

/** Whether a token would cross a network unencrypted that isn't the machine's or the cluster's own, by all that a name tells. */
export function isInTheOpen({ protocol, hostname }: URL): boolean {
  if (protocol === "https:") return false;
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0) return !/^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|::1$|f[cd])/i.test(host);
  return host.includes(".") && !/\.(?:svc|local|localhost|internal|test)$/.test(host);
}

/** The page of the workflow's run; "" outside of GitHub's workflows. */
export function linkOf({ GITHUB_ACTIONS, GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID }: Variables): string {
  const link = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`;
  return GITHUB_ACTIONS === "true" && /^https:\/\/[\w.-]+\/[\w.-]+\/[\w.-]+\/actions\/runs\/\d+$/.test(link)
    ? link
    : "";
}
