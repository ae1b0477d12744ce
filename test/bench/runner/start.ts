import { join } from "node:path";
import type { Server } from "../../postgres/server.ts";
import type { Contender } from "./contenders.ts";
import { urlOf, withDatabase } from "./database.ts";
import { folders } from "./folders.ts";
import { migrations } from "./migrations.ts";
import { time } from "./process.ts";

/** So many that one slow start, or five, move no median. */
export const NO_OP_RUNS = 41;
/** As many as a young application has; the database is up to date. */
export const NO_OP_MIGRATIONS = 11;

export type NoOpStart = { nodeMs: number[]; lockkeeperMs: number[] };

/** Times a start that finds nothing to do, with connection, lock, plan and run log, in turn with an empty Node. */
export const measureNoOpStart = (server: Server, lockkeeper: Contender, scratch: string): Promise<NoOpStart> =>
  withDatabase(server, async (name) => {
    const dir = join(scratch, "no-op");
    folders[lockkeeper.folder](dir, migrations(NO_OP_MIGRATIONS));
    const command = lockkeeper.command(dir, urlOf(server, name));
    await time(command, scratch);
    const result: NoOpStart = { nodeMs: [], lockkeeperMs: [] };
    for (let run = 0; run < NO_OP_RUNS; run += 1) {
      result.nodeMs.push(await time({ file: process.execPath, args: ["-e", "0"], env: {} }, scratch));
      result.lockkeeperMs.push(await time(command, scratch));
    }
    return result;
  });
