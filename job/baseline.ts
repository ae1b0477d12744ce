import { randomBytes } from "node:crypto";
import { EPILOGUE, prologue } from "./apply/block.ts";
import type { Work } from "./attempt.ts";
import type { RunContext } from "./context.ts";
import { baselinePlan } from "./history/baseline.ts";
import type { MatchedRow } from "./history/history.ts";
import { cleanSession } from "./postgres/session.ts";
import type { RunResult } from "./result.ts";
import { run } from "./run.ts";
import type { RunSettings } from "./settings.ts";
import type { Migration } from "./source/migration.ts";

/**
 * Records the migrations up to and with `name` as applied, without running them: for a database that has the schema and no
 * history. All rows in one transaction, under the lock, and recorded like any run.
 */
export async function baseline(
  settings: RunSettings,
  { name }: { name: string },
  context: RunContext,
): Promise<RunResult> {
  const whole = { ...settings, source: { ...settings.source, to: null } };
  return await run("baseline", whole, context, recordUpTo(name));
}

/** Work under the lock that does this once, whatever happens to the connection on the way. */
export function recordUpTo(name: string): Work {
  // By an earlier attempt, whose connection was lost: all of it or nothing is there.
  let sent: Migration[] = [];
  return async ({ line, settings, source, history, facts, replan }) => {
    const { session } = line;
    await replan();
    if (sent.length > 0 && isExactly(facts.matched, sent)) {
      facts.ledger.applied.push(...sent.map((migration) => migration.name));
      return;
    }
    const migrations = baselinePlan(source, facts.matched, name);
    const claim = migrations.map((migration) => history.claim(migration, settings.run.id)).join("\n");
    const text = prologue({
      nonce: randomBytes(12).toString("hex"),
      index: 0,
      pid: session.pid,
      lockTimeoutMs: settings.lock.timeoutMs,
      statementTimeoutMs: settings.statementTimeoutMs,
      reset: cleanSession(session.server.version),
      claim,
    });
    sent = migrations;
    await session.query(`${text}${EPILOGUE}`);
    facts.ledger.applied.push(...migrations.map((migration) => migration.name));
  };
}

function isExactly(matched: MatchedRow[], migrations: Migration[]): boolean {
  const there = new Set(matched.map(({ migration }) => migration));
  return matched.length === migrations.length && migrations.every((migration) => there.has(migration));
}
