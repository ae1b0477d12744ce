import { EXIT } from "../contract/exit-code.ts";
import { openProgress } from "./apply/progress.ts";
import { PlanOutdated } from "./apply/interrupt.ts";
import { modeOf, modeToGoOn } from "./apply/mode.ts";
import { loadUmzug, runTasks } from "./apply/run-tasks.ts";
import type { Task } from "./apply/task.ts";
import { applySettings } from "./apply-settings.ts";
import { planOptions } from "./attempt.ts";
import type { Held } from "./attempt.ts";
import { recordUpTo } from "./baseline.ts";
import type { RunContext } from "./context.ts";
import { Failure } from "./failure.ts";
import { checkPlan } from "./plan.ts";
import type { Plan } from "./plan.ts";
import type { RunResult } from "./result.ts";
import { run } from "./run.ts";
import { pendingNames } from "./run-row.ts";
import type { RunSettings } from "./settings.ts";
import { mapBounded } from "./source/bounded.ts";
import type { Migration } from "./source/migration.ts";
import { readMigration } from "./source/read.ts";

/** Another tool may write the history while we hold our lock; it doesn't do so for ever. */
const MOST_PLANS = 5;

/**
 * Applies what is pending, once, under the lock, on the record. With a baseline, on a database without a history, what is up
 * to it is recorded first. Never rejects for what a user can cause: the result tells
 * the failure. SUCCESS, or SKIPPED when nothing was pending, mean that each migration up to `to` is applied.
 */
export async function migrate(settings: RunSettings, context: RunContext): Promise<RunResult> {
  return await run("migrate", settings, context, migrateUnderLock);
}

async function migrateUnderLock(held: Held): Promise<void> {
  // From an earlier attempt, whose connection was lost. What is found applied after PlanOutdated is another tool's work.
  let inFlight = held.facts.plan?.pending ?? [];
  for (let plans = 1; ; plans++) {
    const plan = await held.replan();
    settleInFlight(held, inFlight);
    inFlight = [];
    const { baseline } = held.settings;
    if (baseline !== null && held.facts.matched.length === 0) {
      await recordUpTo(baseline)(held);
      continue;
    }
    const failure = checkPlan(plan, planOptions(held.settings));
    if (failure !== null) throw failure;
    tell(held, plan);
    if (plan.pending.length === 0) return;
    try {
      const [tasks] = await Promise.all([tasksOf(plan.pending, held), recordPlan(held), loadUmzug()]);
      await runTasks(benchOf(held), tasks, "up");
      return;
    } catch (error) {
      if (!(error instanceof PlanOutdated)) throw error;
      if (plans >= MOST_PLANS) throw keepsChanging(error, plans);
    }
  }
}

function keepsChanging(error: PlanOutdated, plans: number): Failure {
  return new Failure(
    "LOCK_LOST",
    EXIT.unreachable,
    `the history changed under the lock ${plans} times: ${error.message}`,
    {
      hint: "Another tool migrates this database without taking the lock. Stop it, then run again.",
      cause: error,
    },
  );
}

/**
 * What was under way when a connection was lost, and turns out to be committed, is this run's work: our history knows of
 * which run a row is, drizzle's doesn't.
 */
function settleInFlight({ facts, settings }: Held, inFlight: Migration[]): void {
  const known = new Set(facts.ledger.applied);
  const { id } = settings.run;
  const ours = facts.matched
    .filter(({ row }) => row.runId === null || row.runId === id)
    .map(({ migration }) => migration);
  const applied = new Set(ours);
  for (const migration of inFlight) {
    if (applied.has(migration) && !known.has(migration.name)) facts.ledger.applied.push(migration.name);
  }
}

function tell({ context, settings, source }: Held, plan: Plan): void {
  const { pending, applied, version } = plan;
  const counts = { pending: pending.length, applied: applied.length, available: source.migrations.length };
  context.onEvent({ type: "planned", runId: settings.run.id, ...counts, version });
}

async function recordPlan({ recorder, facts }: Held): Promise<void> {
  await recorder.update({ pending: pendingNames(facts), versionBefore: facts.versionBefore });
}

/** Every file is looked at before the first is run: what Lockkeeper refuses is refused while nothing is touched. */
async function tasksOf(pending: Migration[], held: Held): Promise<Task[]> {
  const { history, settings, line } = held;
  const unfinished = await openProgress(history.table).unfinished(line.session);
  const modes = await mapBounded(
    pending,
    8,
    () => null,
    async (migration) => (unfinished.has(migration.name) ? await modeToGoOn(migration) : await modeOf(migration)),
    line.signal,
  );
  const claim = (migration: Migration): string => history.claim(migration, settings.run.id);
  return pending.map((migration, i) => {
    const mode = modes[i];
    if (mode === undefined) throw new RangeError("a migration has no mode");
    return { migration, direction: "up", mode, claim, read: readMigration };
  });
}

/** What applying needs, from what a command has under the lock. */
export const benchOf = ({ line, settings, facts, history }: Held) => ({
  line,
  settings: applySettings(settings),
  ledger: facts.ledger,
  progress: openProgress(history.table),
});
