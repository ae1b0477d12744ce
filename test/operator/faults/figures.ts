/** Loaded before the operator: at SIGUSR2 it prints what it holds, after a garbage collection. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (how: object) => void;

process.on("SIGUSR2", () => {
  // The last resort drops compiled code too, which otherwise comes and goes by megabytes.
  for (let times = 0; times < 2; times++) collect({ type: "major", execution: "sync", flavor: "last-resort" });
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  process.stdout.write(`${JSON.stringify({ msg: "figures", heap: process.memoryUsage().heapUsed, counts })}\n`);
});
