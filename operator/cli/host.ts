/** One of the process's two outputs. */
export type Sink = { write(text: string): unknown; isTTY?: boolean; columns?: number };

/** What a command gets from the process, so that nothing else reads it: main.ts makes the real one. */
export type Host = {
  out: Sink;
  err: Sink;
  variables: Record<string, string | undefined>;
  /** Ctrl-C, or SIGTERM. */
  signal: AbortSignal;
  /** The wall clock's milliseconds, and monotonic ones. */
  wall(): number;
  now(): number;
  /** All of standard input. */
  stdin(): Promise<string>;
};
