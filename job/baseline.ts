import { randomBytes } from "node:crypto";
import { EPILOGUE, prologue } from "./apply/block.ts";
import type { RunContext } from "./context.ts";
import { baselinePlan } from "./history/baseline.ts";
import { cleanSession } from "./postgres/session.ts";
import type { RunResult } from "./result.ts";
import { run } from "./run.ts";
import type { RunSettings } from "./settings.ts";

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
  return await run("baseline", whole, context, async ({ line, source, history, facts, replan }) => {
    const { session } = line;
    const matched = history.match(source, await history.read(session));
    const migrations = baselinePlan(source, matched, name);
    await replan();
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
    await session.query(`${text}${EPILOGUE}`);
    facts.ledger.applied.push(...migrations.map((migration) => migration.name));
  });
}
