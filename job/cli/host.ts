import type { Variables } from "../environment.ts";

/** One of the process's two outputs. */
export type Sink = { write(text: string): unknown; isTTY?: boolean; columns?: number };

/** What the command line gets from the process, so that nothing else reads it: main.ts makes the real one. */
export type Host = {
  out: Sink;
  err: Sink;
  variables: Variables;
  signal: AbortSignal;
  now: () => Date;
};
