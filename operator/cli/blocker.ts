import type { Blocker } from "../../contract/run.ts";
import type { StatusRun } from "../../contract/resource/status.ts";

/** As it was reported: the API server drops nulls, so what isn't there is unknown. */
export const blockerOf = (told: NonNullable<StatusRun["blockers"]>[number]): Blocker => ({
  pid: told.pid,
  user: told.user ?? null,
  application: told.application ?? null,
  state: told.state ?? null,
  transactionAge: told.transactionAge ?? null,
  relation: told.relation ?? null,
  mode: told.mode ?? null,
  preparedTransaction: told.preparedTransaction ?? null,
});
