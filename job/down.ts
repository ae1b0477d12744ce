import { EXIT } from "../contract/exit-code.ts";
import { sqlMode } from "./apply/mode.ts";
import { PARSER_MAX_BYTES } from "./apply/parse.ts";
import { runTasks } from "./apply/run-tasks.ts";
import type { Task } from "./apply/task.ts";
import type { Held } from "./attempt.ts";
import type { RunContext } from "./context.ts";
import { Failure, invalidInput } from "./failure.ts";
import type { History } from "./history/history.ts";
import { listNames, unknownTarget } from "./history/naming.ts";
import { benchOf } from "./migrate.ts";
import { checkPlan } from "./plan.ts";
import type { Plan } from "./plan.ts";
import type { RunResult } from "./result.ts";
import { run } from "./run.ts";
import type { RunSettings } from "./settings.ts";
import type { Migration, Source } from "./source/migration.ts";
import { loadModule } from "./source/load-module.ts";
import { readDown } from "./source/read.ts";

/** Reverts everything. */
export const EVERYTHING = "0";

/**
 * Reverts what was applied after `to`, newest first, by the down files; `to` itself stays. Recorded like any run. Nothing is
 * touched unless every one of them can be reverted.
 */
export async function down(settings: RunSettings, { to }: { to: string }, context: RunContext): Promise<RunResult> {
  // A source of its own in the log: what a down undid must not pass for the cure of a failed migrate.
  const label = { ...settings.run, source: `down --to ${to}: ${settings.run.source}` };
  const whole = { ...settings, run: label, source: { ...settings.source, to: null }, allowOutOfOrder: true };
  // Across attempts: what was under way when a connection was lost.
  let asked: Migration[] = [];
  return await run("down", whole, context, async (held) => {
    const plan = await held.replan();
    settleReverted(held, asked, plan);
    const failure = checkPlan(plan, { to: null, allowDrift: settings.allowDrift, allowOutOfOrder: true });
    if (failure !== null) throw failure;
    const reverted = toRevert(held.source, plan, to);
    const counts = { pending: reverted.length, applied: plan.applied.length, available: held.source.migrations.length };
    context.onEvent({ type: "planned", runId: settings.run.id, ...counts, version: plan.version });
    asked = reverted;
    if (reverted.length === 0) return;
    await held.recorder.update({ versionBefore: held.facts.versionBefore });
    const tasks: Task[] = [];
    for (const migration of reverted) tasks.push(await taskOf(migration, held.history));
    await runTasks(benchOf(held), tasks, "down");
  });
}

/** What was to be reverted when a connection was lost, and isn't applied any more, is this run's work. */
function settleReverted({ facts }: Held, asked: Migration[], plan: Plan): void {
  const known = new Set(facts.ledger.reverted);
  const applied = new Set(plan.applied);
  for (const migration of asked) {
    if (!applied.has(migration) && !known.has(migration.name)) facts.ledger.reverted.push(migration.name);
  }
}

function toRevert(source: Source, plan: Plan, to: string): Migration[] {
  if (plan.ahead.length > 0) {
    const names = listNames(plan.ahead.map(({ name }) => name));
    throw new Failure("DRIFT", EXIT.drift, `the database is ahead of this folder: ${names} came after it`, {
      hint: "Revert those first, with the release that has them.",
    });
  }
  if (to === EVERYTHING) return plan.applied.toReversed();
  const at = plan.applied.findIndex(({ name }) => name === to);
  if (at >= 0) return plan.applied.slice(at + 1).toReversed();
  if (!source.migrations.some(({ name }) => name === to)) throw unknownTarget("--to", to, source);
  throw invalidInput(`--to: ${to} isn't applied, so nothing can be reverted down to it`, {
    hint: "`lockkeeper status` shows what is applied.",
  });
}

async function taskOf(migration: Migration, history: History): Promise<Task> {
  const { name, downFile, kind } = migration;
  if (downFile === null) throw noDown(migration, `${name} has no down file`);
  const claim = (reverted: Migration): string => history.forget(reverted);
  if (kind === "module") {
    if ((await loadModule(migration)).down === undefined) throw noDown(migration, `${name} exports no function down`);
    return { migration, direction: "down", mode: { kind: "module" }, claim, read: async () => Buffer.alloc(0) };
  }
  const content = await readDown(migration);
  const whole = { kind: "transaction", alone: true, body: null, lockTimeoutMs: null, strict: true } as const;
  const mode = content.length > PARSER_MAX_BYTES ? whole : await sqlMode(downFile, content);
  if (mode.kind !== "transaction") {
    throw new Failure(
      "UNSUPPORTED_STATEMENT",
      EXIT.invalidInput,
      `the down file of ${name} can't run in one transaction`,
      {
        migration: name,
        location: { file: downFile },
        hint: "Leave CONCURRENTLY, VACUUM, BEGIN and COMMIT out of down files.",
      },
    );
  }
  return {
    migration,
    direction: "down",
    mode: { ...mode, alone: true, strict: true },
    claim,
    read: readDown,
  };
}

const noDown = ({ name, file }: Migration, message: string): Failure =>
  invalidInput(message, {
    migration: name,
    location: { file },
    hint: "Nothing was reverted. Write its down file, or write a new migration that undoes it.",
  });
