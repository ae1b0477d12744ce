import { performance } from "node:perf_hooks";
import { setTimeout } from "node:timers";

/**
 * Runs each job a fixed time after it came, in order, however many are under way: latency without a limit of
 * throughput. Node's timers count whole milliseconds and fire up to one late, so the last one is waited out by polling,
 * which lets the event loop go on reading. `delayMs` may be a fraction; 0 runs at once.
 */
export const createDelayLine = (delayMs: number): ((job: () => void) => void) => {
  if (delayMs <= 0) return (job) => job();
  const queue: { due: number; job: () => void }[] = [];
  let armed = false;

  const pump = () => {
    armed = false;
    for (let head = queue[0]; head !== undefined && head.due <= performance.now(); head = queue[0]) {
      queue.shift();
      head.job();
    }
    arm();
  };

  const arm = () => {
    const head = queue[0];
    if (armed || head === undefined) return;
    armed = true;
    const left = head.due - performance.now();
    if (left > 2) setTimeout(pump, Math.floor(left - 1));
    else setImmediate(pump);
  };

  return (job) => {
    queue.push({ due: performance.now() + delayMs, job });
    arm();
  };
};
