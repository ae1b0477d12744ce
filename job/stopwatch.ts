/**
 * Milliseconds since the call, whole, by the monotonic clock: a clock that is set back makes no wait negative. Not by
 * `performance`, which takes longer to load than most waits are.
 */
export function stopwatch(): () => number {
  const start = process.hrtime.bigint();
  return () => Math.round(Number(process.hrtime.bigint() - start) / 1e6);
}
