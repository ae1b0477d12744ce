/** Pods that wait for a resource that isn't there, or for none: nobody else would tell why. */
import { GATE } from "../../contract/resource/names.ts";
import type { Context } from "../reconcile/context.ts";
import type { Memory } from "../reconcile/memory.ts";
import { heldByAll } from "./observe.ts";
import { tellHeld } from "./tell.ts";

/** What is made together with the pod may come after it. */
const PATIENCE_MS = 5_000;

/** Says so of those that have waited for a while. Answers in how many ms the next one has; null: there is none. */
export function tellAbsent(
  key: string,
  memory: Pick<Memory, "held">,
  { caches, clock, recorder }: Pick<Context, "caches" | "clock" | "recorder">,
): number | null {
  const [namespace = "", name = ""] = key.split(/\/(.*)/s);
  const dueIn = new Map(
    caches.gated.by("resource", key).map(({ metadata }) => {
      const due = Date.parse(metadata.creationTimestamp) + PATIENCE_MS - clock.wall();
      // By the API server's clock, which may be ahead.
      return [metadata.uid, Math.min(due, PATIENCE_MS)];
    }),
  );
  const held = heldByAll(key, whyOf(name), caches).filter(({ pod }) => (dueIn.get(pod.uid) ?? 0) <= 0);
  tellHeld(held, { namespace, run: null }, memory, { recorder, caches });
  const later = [...dueIn.values()].filter((ms) => ms > 0);
  return later.length === 0 ? null : Math.min(...later);
}

const whyOf = (name: string): { reason: string; message: string } =>
  name === ""
    ? {
        reason: "MigrationNotNamed",
        message: `it has the gate ${GATE} and no annotation ${GATE} that names the DatabaseMigration: add it to the template, or take the gate away`,
      }
    : {
        reason: "MigrationNotFound",
        message: `there is no DatabaseMigration ${name} in its namespace: make it, or correct the annotation ${GATE}`,
      };
