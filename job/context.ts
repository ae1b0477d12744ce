import type { OnEvent } from "./event.ts";

/** What a command gets from outside besides its settings: where events go, when to stop, what time it is. */
export type RunContext = {
  onEvent: OnEvent;
  /** Aborted by SIGTERM or by the caller: the statement is cancelled in the server, the run logged, the lock released. */
  signal: AbortSignal;
  now: () => Date;
};
