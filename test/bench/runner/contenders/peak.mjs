// Preloaded into a measured process: leaves its resident peak in a file. /proc has the peak of this program alone;
// getrusage() would also count what its parent had when it forked.
import { readFileSync, writeFileSync } from "node:fs";

process.on("exit", () => {
  const kilobytes = /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  writeFileSync(process.env.BENCH_PEAK_FILE, kilobytes);
});
