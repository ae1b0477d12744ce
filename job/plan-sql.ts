import { formatDuration } from "../contract/duration.ts";
import { modeOf } from "./apply/mode.ts";
import type { Mode } from "./apply/mode.ts";
import type { RunContext } from "./context.ts";
import { openHistory } from "./history/open.ts";
import { look } from "./look.ts";
import { checkPlan } from "./plan.ts";
import type { RunSettings } from "./settings.ts";
import type { Migration } from "./source/migration.ts";
import { readMigration } from "./source/read.ts";
import { readSource } from "./source/source.ts";
import { planOf } from "./status.ts";

/** One migration that `migrate` would run. */
export type Planned = {
  name: string;
  file: string;
  mode: Mode["kind"];
  /** Of this migration, ms; 0: none. */
  lockTimeoutMs: number;
  statementTimeoutMs: number;
  /** PL/pgSQL that writes its history row, as `migrate` runs it. */
  record: string;
  migration: Migration;
};

/** What `migrate` would do now with these settings, in order. Rejects with the Failure that would stop it. */
export async function readPlan(settings: RunSettings, context: RunContext): Promise<Planned[]> {
  const { dir, format, to } = settings.source;
  const source = await readSource({ dir, format, signal: context.signal });
  const history = openHistory(settings.history, source);
  const plan = await look(settings.connection, context, (session) => planOf(session, { source, history }, to));
  const { allowDrift, allowOutOfOrder } = settings;
  const failure = checkPlan(plan, { to, allowDrift, allowOutOfOrder });
  if (failure !== null) throw failure;
  const planned: Planned[] = [];
  for (const migration of plan.pending) {
    const mode = await modeOf(migration);
    planned.push({
      name: migration.name,
      file: migration.file,
      mode: mode.kind,
      lockTimeoutMs: lockTimeoutOf(mode, settings),
      statementTimeoutMs: settings.statementTimeoutMs,
      record: history.claim(migration, settings.run.id),
      migration,
    });
  }
  return planned;
}

/** Statement by statement a lock timeout would leave half a file behind, so there it is off unless the file says. */
function lockTimeoutOf(mode: Mode, settings: RunSettings): number {
  if (mode.kind === "module") return settings.lock.timeoutMs;
  return mode.lockTimeoutMs ?? (mode.kind === "statements" ? 0 : settings.lock.timeoutMs);
}

/** One migration's SQL as `migrate` would run it, without the lock that each transaction takes. */
export async function plannedSql(planned: Planned, index: number, total: number): Promise<string> {
  const head = `-- ${index} of ${total}: ${oneLine(planned.name)} (${modeText(planned)})\n-- file: ${oneLine(planned.file)}`;
  if (planned.mode === "module")
    return `${head}\n-- A module: it is named here, not run. Its history row:\n${record(planned)}\n`;
  const text = (await readMigration(planned.migration)).toString("utf8").trimEnd();
  if (planned.mode === "statements") {
    return `${head}\nSET lock_timeout = ${planned.lockTimeoutMs};\n${text}\n;\n${record(planned)}\n`;
  }
  const settings = `SET LOCAL lock_timeout = ${planned.lockTimeoutMs}; SET LOCAL statement_timeout = ${planned.statementTimeoutMs};`;
  return `${head}\nBEGIN; ${settings}\n${record(planned)}\n${text}\n;COMMIT;\n`;
}

/** The name of a migration may not end our comment. */
const oneLine = (text: string): string => text.replaceAll(/\p{Cc}/gu, " ");

const record = ({ record: claim }: Planned): string => `DO $lockkeeper_plan$ BEGIN\n${claim}\nEND $lockkeeper_plan$;`;

function modeText({ mode, lockTimeoutMs, statementTimeoutMs }: Planned): string {
  const limit = (ms: number): string => (ms === 0 ? "off" : formatDuration(ms));
  const how = { transaction: "in a transaction", statements: "statement by statement", module: "a module" }[mode];
  return `${how}, lock_timeout ${limit(lockTimeoutMs)}, statement_timeout ${limit(statementTimeoutMs)}`;
}
