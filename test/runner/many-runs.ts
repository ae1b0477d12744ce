/**
 * A program for tests: several runs at once in one process. Its arguments are a folder and how many; it prints their
 * results as JSON. Thirty processes would mostly measure how slowly processes start.
 */
import { runFolder } from "./run.ts";

/** What is compared of a run in another process. */
export type Came = { runId: string; status: string; applied: string[]; error: string | null };

const [dir = "", count = "1"] = process.argv.slice(2);
const url = process.env.DATABASE_URL ?? "";
const connection = { url, ca: null, connectWaitMs: 30_000, applicationName: "lockkeeper", checkPooler: true };
const results = await Promise.all(
  Array.from({ length: Number(count) }, async (): Promise<Came> => {
    const { runId, status, applied, error } = await runFolder({ url }, dir, { connection, lock: { waitMs: 300_000 } });
    return { runId, status, applied, error: error?.message ?? null };
  }),
);
process.stdout.write(JSON.stringify(results));
