/**
 * `make demo`: what Lockkeeper does. It ends with 0 only if each step was seen, with 3 where no cluster can be had: then it
 * shows what needs none. Without DEMO_ONCE=1 it then keeps all up until Ctrl-C, for a look around.
 */
import { once } from "node:events";
import { providers } from "../cluster/cluster.ts";
import { allSeen, say } from "./narrate.ts";
import { showOperator } from "./operator.ts";
import { showRunner } from "./runner.ts";

const NO_CLUSTER = 3;
const INTERRUPTED = 130;

const stack = new AsyncDisposableStack();
const interrupted = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
const shown = show().catch((error: unknown) => {
  console.error(error instanceof Error ? `\n${error.message}` : error);
  return { exitCode: 1, afterwards: null };
});
const early = interrupted.then(() => ({ exitCode: INTERRUPTED, afterwards: null }));
const { exitCode, afterwards } = await Promise.race([early, shown]);
if (afterwards !== null && process.env.DEMO_ONCE !== "1") {
  say(`\nStill up, until Ctrl-C.\n${afterwards}`);
  await interrupted;
}
say("\nTaking everything away.");
await stack.disposeAsync();
// A step that was interrupted may still wait for something that is gone.
process.exit(exitCode);

/** `afterwards`: what can be looked at when each step was seen. */
async function show(): Promise<{ exitCode: number; afterwards: string | null }> {
  const reasons = await whyNoCluster();
  const isThere = reasons.length === 0;
  const toSee = await (isThere ? showOperator : showRunner)(stack);
  if (!allSeen()) return { exitCode: 1, afterwards: null };
  say("\nEach step was seen.");
  if (isThere) return { exitCode: 0, afterwards: toSee };
  say("\nThe operator wasn't shown: it needs a Kubernetes cluster, and none can be had here.");
  for (const reason of reasons) say(`  ${reason}`);
  return { exitCode: NO_CLUSTER, afterwards: toSee };
}

/** Why none of the ways to a cluster is open; nothing where one is. */
async function whyNoCluster(): Promise<string[]> {
  const reasons: string[] = [];
  for (const { name, unavailable } of providers) {
    const reason = await unavailable("full");
    if (reason === null) return [];
    reasons.push(`${name}: ${reason}`);
  }
  return reasons;
}
