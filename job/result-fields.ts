import type { Failure } from "./failure.ts";
import type { RunResult } from "./result.ts";

/** A result as JSON has it: the log's last line, and what `--json` prints. The failure's own fields come beside it. */
export function resultFields(result: RunResult): Record<string, unknown> {
  const { failure: _failure, startedAt, finishedAt, ...fields } = result;
  return {
    ...fields,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs: finishedAt.getTime() - startedAt.getTime(),
  };
}

/** Location, hint and the server's detail: for the runner's own log. */
export function failureFields(failure: Failure | null): Record<string, unknown> {
  if (failure === null) return {};
  const { location, hint, detail } = failure.details;
  return {
    ...(location === undefined ? {} : { location }),
    ...(hint === undefined ? {} : { hint }),
    ...(detail === undefined ? {} : { detail }),
  };
}
