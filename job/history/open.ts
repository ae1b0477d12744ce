import { invalidInput } from "../failure.ts";
import type { TableName } from "../postgres/name.ts";
import type { Source } from "../source/migration.ts";
import { DRIZZLE_TABLE, drizzleHistory } from "./drizzle.ts";
import type { History, HistoryFormat } from "./history.ts";
import { LOCKKEEPER_TABLE, lockkeeperHistory } from "./lockkeeper.ts";

/** What `--history-format` and `--history-table` say. Without a table each format has its own. */
export type HistoryOptions = { format: HistoryFormat | "auto"; table: TableName | null };

const OPEN = {
  lockkeeper: (table) => lockkeeperHistory(table ?? LOCKKEEPER_TABLE),
  drizzle: (table, source) => drizzleHistory(table ?? DRIZZLE_TABLE, source),
} satisfies Record<HistoryFormat, (table: TableName | null, source: Source) => History>;

/**
 * The history that goes with a source: drizzle's own for a drizzle folder, ours for the others. Does no I/O. Throws
 * invalid input when drizzle's history is asked for a folder that isn't drizzle's.
 */
export function openHistory({ format, table }: HistoryOptions, source: Source): History {
  if (format === "drizzle" && source.format !== "drizzle") {
    throw invalidInput(
      `--history-format drizzle: ${source.dir} holds ${source.format} migrations, not a drizzle folder`,
      {
        hint: "drizzle's history needs the times of a drizzle folder. Leave the flag away, or check --dir and --format.",
      },
    );
  }
  const fitting = source.format === "drizzle" ? "drizzle" : "lockkeeper";
  return OPEN[format === "auto" ? fitting : format](table, source);
}
