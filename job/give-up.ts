/** How long an aborted attempt may take to end by itself, ms: with what follows it is over within 5 s. */
const GIVE_UP_MS = 3_000;

/** A server or network that has gone silent isn't waited for: the server notices by itself that its client is gone. */
export function giveUpAfterAbort(signal: AbortSignal, destroy: (() => void)[]): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => destroy.forEach((end) => end()), GIVE_UP_MS);
  };
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  return {
    [Symbol.dispose]() {
      signal.removeEventListener("abort", start);
      clearTimeout(timer);
    },
  };
}
