import type { Progress } from "./progress.ts";
import type { Line } from "./send.ts";
import type { ApplySettings, Ledger } from "./task.ts";

/** What tasks are run with: the line to the server, the settings, what was achieved so far, the record of statement mode. */
export type Bench = { line: Line; settings: ApplySettings; ledger: Ledger; progress: Progress };
