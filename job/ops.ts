import { answerOf, answerOps } from "../contract/ops-answer.ts";
import type { OpsQuery } from "../contract/ops.ts";
import { secretsOf } from "../contract/redact.ts";
import type { HistoryFormat } from "./history/history.ts";
import { briefly } from "./ops/briefly.ts";
import { readOpsEnvironment } from "./ops/environment.ts";
import { observeDatabase, unreachable } from "./ops/observe.ts";
import type { Observation, Reader } from "./ops/observe.ts";
import { lazyPool, readOnly } from "./ops/pool.ts";
import type { OpsPool } from "./ops/pool.ts";
import { tokenSource } from "./ops/token.ts";
import { folderReader } from "./ops/told-by-folder.ts";
import { parseTableName } from "./postgres/name.ts";
import { DEFAULT_TABLE } from "./run-log/columns.ts";

export type { OpsPool } from "./ops/pool.ts";

/** Each option wins over the environment's variable. */
export type OpsMigrationsOptions = {
  /** Default: DATABASE_URL, or what is in the file that DATABASE_URL_FILE names. */
  databaseUrl?: string | undefined;
  /** The app's own `pg` pool, instead of a small one made from the URL. */
  pool?: OpsPool | undefined;
  /** At least 16 characters. Default: OPS_MIGRATION_TOKEN. */
  token?: string | undefined;
  /** A file that holds the token, read for every request, so that it may be rotated. Default: OPS_MIGRATION_TOKEN_FILE. */
  tokenFile?: string | undefined;
  /** Default: lockkeeper.migration_run_log. */
  runLogTable?: string | undefined;
  /** The app's folder of migrations: what is pending and what drifted is then told by the history itself. */
  dir?: string | undefined;
  /** With `dir`, as for `migrate`. */
  historyTable?: string | undefined;
  historyFormat?: HistoryFormat | "auto" | undefined;
};

/** A database that is down is told in less than two seconds. */
const PATIENCE_MS = 1_800;
const KEPT_MS = 1_000;

/**
 * The ops payload of one database, from its run log, as a web-standard handler for an app's own route. 200 for ok and
 * warning, 503 for critical and, within two seconds, for a database that doesn't answer; 401 without the right token, 404
 * where no token is configured. Connects at the first request, never writes. Throws invalid input at once for an option
 * that can't be used.
 */
export function opsMigrations(options: OpsMigrationsOptions = {}): (request: Request) => Promise<Response> {
  const environment = readOpsEnvironment();
  const token = tokenSource({
    token: options.token ?? (options.tokenFile === undefined ? environment.token : undefined),
    file: options.tokenFile ?? environment.tokenFile,
  });
  const observe = observer(options, environment);
  const answer = async (query: OpsQuery) => {
    const { observed, now: at } = await observe(query);
    return answerOf(observed, query, at);
  };
  return async (request) => await answerOps(request, { token, answer });
}

function observer(
  options: OpsMigrationsOptions,
  environment: { databaseUrl: string | undefined; databaseUrlFile: string | undefined },
): (query: OpsQuery) => Promise<Observation> {
  const url = options.databaseUrl ?? environment.databaseUrl;
  const { pool: given } = options;
  const open =
    given === undefined ? lazyPool({ url, file: environment.databaseUrlFile }) : async () => ({ pool: given, url: "" });
  const reader: Reader = { table: tableOf(options.runLogTable, "runLogTable") ?? DEFAULT_TABLE, folder: null, now };
  if (options.dir !== undefined) {
    const table = tableOf(options.historyTable, "historyTable");
    reader.folder = folderReader(options.dir, { format: options.historyFormat ?? "auto", table });
  }
  // What is known of the database from before it went down, or else from its URL.
  let name: string | null = null;
  let lastUrl = given === undefined ? (url ?? "") : "";
  const keep = briefly<Observation>(KEPT_MS, () => now().getTime());
  return async ({ limit, lookbackMinutes }) =>
    await keep(`${limit} ${lookbackMinutes}`, async () => {
      try {
        const window = { limit, lookbackMs: lookbackMinutes * 60_000 };
        const found = await inTime(async (signal) => {
          const { pool, url: current } = await open();
          lastUrl = current;
          return await readOnly(pool, signal, async (db) => await observeDatabase(db, reader, window));
        });
        name = found.observed[0]?.name ?? name;
        return found;
      } catch (error) {
        return unreachable(name ?? databaseName(lastUrl), error, secretsOf(lastUrl), now());
      }
    });
}

async function inTime<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new Error(`no answer within ${PATIENCE_MS / 1_000} s`);
    controller.abort(error);
    late.reject(error);
  }, PATIENCE_MS);
  try {
    return await Promise.race([work(controller.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const now = (): Date => new Date();

const tableOf = (text: string | undefined, option: string) =>
  text === undefined ? null : parseTableName(text, option);

/** For a database that never answered: what the URL calls it. */
function databaseName(url: string): string {
  const path = URL.canParse(url) ? new URL(url).pathname.slice(1) : "";
  return path || "postgres";
}
