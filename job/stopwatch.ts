/** Milliseconds since the call, whole, by the monotonic clock: a clock that is set back makes no wait negative. */
export function stopwatch(): () => number {
  const start = performance.now();
  return () => Math.round(performance.now() - start);
}
