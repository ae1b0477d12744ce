import { z } from "zod";
import { REPORT_MAX_BYTES } from "../report-size.ts";

/** What a report told of a failed run. Bounded by the report, so that what fits in it fits in the status. */
const told = () => z.string().max(REPORT_MAX_BYTES);

/**
 * What a report has as null may also be missing: the API server drops nulls from a merge patch, in lists too.
 * contract/run.ts has the same without bounds and descriptions: a report is read however long its fields are.
 */
export const ToldError = z.object({
  code: told().describe("A SQLSTATE, or a code of the runner's own."),
  message: told().describe("What happened, without any row's data."),
  migration: told().nullish().describe("The migration that failed."),
});

export const ToldBlocker = z.object({
  pid: z.int().min(0).describe("The backend's process id; 0 for a prepared transaction."),
  user: told().nullish().describe("Its role."),
  application: told().nullish().describe("Its application_name."),
  state: told().nullish().describe("Its state, like idle in transaction."),
  transactionAge: told().nullish().describe("How old its transaction was when it was seen."),
  relation: told()
    .nullish()
    .describe("What it locks, as schema.table; none when a row or a transaction is waited for."),
  mode: told().nullish().describe("The mode of the lock that it holds or asks for."),
  preparedTransaction: told().nullish().describe("The gid of a prepared transaction."),
});
