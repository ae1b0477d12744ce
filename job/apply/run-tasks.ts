import { Applier } from "./applier.ts";
import type { Bench } from "./bench.ts";
import type { Task } from "./task.ts";

/** It takes some milliseconds to load: sooner than it is needed, where something is waited for anyway. */
export async function loadUmzug() {
  // It's CommonJS: a bundle of several files has it as the default export only.
  return (await import("umzug")).default;
}

/**
 * Runs tasks in their order by umzug. It gets our exact list, because its `to` throws for a name that is applied, and a
 * storage that writes nothing: a migration's own transaction has written its history row.
 */
export async function runTasks(bench: Bench, tasks: Task[], direction: "up" | "down"): Promise<void> {
  const { MigrationError, Umzug } = await loadUmzug();
  const applier = new Applier(bench, tasks);
  const names = tasks.map(({ migration }) => migration.name);
  const executed = direction === "up" ? [] : names;
  const indexes = new Map(names.map((name, i) => [name, i]));
  // One function for all of them: thousands take little memory.
  const apply = async ({ name }: { name: string }): Promise<void> => {
    const i = indexes.get(name);
    if (i === undefined) throw new RangeError(`${name} isn't among the tasks`);
    await applier.apply(i);
  };
  const umzug = new Umzug({
    migrations: tasks.map(({ migration }) => ({
      name: migration.name,
      path: migration.file,
      up: apply,
      down: apply,
    })),
    storage: { executed: async () => executed, logMigration: nothing, unlogMigration: nothing },
    logger: undefined,
  });
  try {
    await umzug[direction]({ migrations: names });
  } catch (error) {
    // Ours is the cause: umzug's own text would repeat the name, and isn't made for people on call.
    throw error instanceof MigrationError ? error.cause : error;
  } finally {
    applier.end();
  }
}

async function nothing(): Promise<void> {
  // The history row is the migration's own.
}
