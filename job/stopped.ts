import { EXIT } from "../contract/exit-code.ts";
import { Failure } from "./failure.ts";

/** What a command that changes nothing ends with when its signal is aborted. */
export const stopped = (signal: AbortSignal): Failure =>
  new Failure("CANCELLED", EXIT.cancelled, `stopped by ${String(signal.reason)}; nothing was changed`);
