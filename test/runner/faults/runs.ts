import { setTimeout as sleep } from "node:timers/promises";
import type { TestDatabase } from "../../postgres/database.ts";
import { startProxy } from "../../proxy/proxy.ts";
import type { Proxy, ProxyOptions } from "../../proxy/proxy.ts";
import { lastLine, startCommand } from "../cli-process.ts";
import type { Ended, Running } from "../cli-process.ts";

export type LogLine = Record<string, unknown>;

/** A run of the real command, of which a test can wait for an event. */
export type Run = Running & {
  /** Resolves with the first event of that type, from the run's beginning on. Rejects when the run ends without it. */
  event(type: string): Promise<LogLine>;
  /** The run's end: how the process ended, and its last line. */
  end(): Promise<Ended & { finished: LogLine }>;
};

/** Starts `lockkeeper migrate` in another process. */
export function startRun(url: string, dir: string, flags: readonly string[] = []): Run {
  const variables = { DATABASE_URL: url };
  const running = startCommand(["migrate", "--dir", dir, ...flags], variables);
  const lines: LogLine[] = [];
  let rest = "";
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  let over = false;
  running.child.stdout?.on("data", (text: string | Buffer) => {
    const parts = (rest + text.toString()).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts.map((line) => JSON.parse(line) as LogLine));
    wake();
  });
  const ended = running.ended.finally(() => {
    over = true;
    wake();
  });
  return {
    ...running,
    async event(type) {
      for (;;) {
        const found = lines.find(({ event }) => event === type);
        if (found !== undefined) return found;
        if (over) throw new Error(`the run ended without ${type}: ${JSON.stringify(await ended)}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    async end() {
      const all = await ended;
      return { ...all, finished: lastLine(all.stdout) };
    },
  };
}

/** Runs `lockkeeper migrate` to its end. */
export async function migrated(url: string, dir: string, flags: readonly string[] = []) {
  return await startRun(url, dir, flags).end();
}

/** A proxy before a database's server, and the URL that leads through it. */
export async function proxyFor(
  db: { url: string },
  options: Omit<ProxyOptions, "target"> = {},
): Promise<{ proxy: Proxy; url: string } & AsyncDisposable> {
  const url = new URL(db.url);
  const proxy = await startProxy({ ...options, target: { host: url.hostname, port: Number(url.port) } });
  url.port = String(proxy.port);
  return { proxy, url: url.href, [Symbol.asyncDispose]: async () => await proxy[Symbol.asyncDispose]() };
}

/** How long the server may take to end the backends of a run that is over: a goodbye isn't waited for. */
const ENDED_WITHIN_MS = 5_000;

/** What a run must not leave behind, whatever happened to it. */
export async function leftovers(db: TestDatabase): Promise<Record<string, unknown>> {
  for (const late = performance.now() + ENDED_WITHIN_MS; ; await sleep(20)) {
    const [row] = await db.query<{ backends: number[] }>(`
      select array(select pid from pg_locks where locktype = 'advisory'
                   and database = (select oid from pg_database where datname = current_database())) as locks,
             array(select pid from pg_stat_activity where datname = current_database()
                   and application_name like 'lockkeeper%') as backends,
             array(select indexrelid::regclass::text from pg_index where not indisvalid) as "invalidIndexes"`);
    if (row === undefined || row.backends.length === 0 || performance.now() > late) return row ?? {};
  }
}

export const NOTHING_LEFT = { locks: [], backends: [], invalidIndexes: [] };

export type LogRow = { id: string; status: string; error_code: string | null; applied: string[] };

/** The run log, oldest first. */
export async function runLog(db: TestDatabase): Promise<LogRow[]> {
  return await db.query<LogRow>(
    "select id::text, status, error_code, applied from lockkeeper.migration_run_log order by started_at",
  );
}

/**
 * Waits until one of the run's backends is so, and returns its pid; rejects when the run has ended. `condition` is SQL on
 * pg_stat_activity `a`.
 */
export async function backendThat(db: TestDatabase, run: Run, condition: string): Promise<number> {
  const client = await db.connect("test-looks-on");
  const running = (): boolean => run.child.exitCode === null && run.child.signalCode === null;
  while (running()) {
    const { rows } = await client.query<{ pid: number }>(
      `select a.pid from pg_stat_activity a
       where a.datname = current_database() and a.application_name = 'lockkeeper' and ${condition}`,
    );
    const [row] = rows;
    if (row !== undefined) return row.pid;
    await sleep(20);
  }
  throw new Error(`the run ended early: ${JSON.stringify(await run.ended)}`);
}

const HOLDS_THE_LOCK = "exists (select from pg_locks l where l.pid = a.pid and l.locktype = 'advisory')";

/** For `backendThat`. */
export const IS = {
  main: HOLDS_THE_LOCK,
  second: `not ${HOLDS_THE_LOCK}`,
  atGate: "a.wait_event = 'PgSleep'",
  blocked: "a.wait_event_type = 'Lock'",
};
