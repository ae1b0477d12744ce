import { EXIT } from "../../../contract/exit-code.ts";
import type { ExitCode } from "../../../contract/exit-code.ts";
import { plannedSql, readPlan } from "../../plan-sql.ts";
import type { Planned } from "../../plan-sql.ts";
import { readMigration } from "../../source/read.ts";
import { settingsOf } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";

/** `lockkeeper plan`: one migration's text at a time in memory, but for `--json`, which is one document. */
export async function planCommand(invocation: Invocation): Promise<ExitCode> {
  const { print, presenter, json, context } = invocation;
  const all = await readPlan(settingsOf(invocation), context);
  presenter.close();
  if (json) {
    print.out(`${JSON.stringify({ pending: await Promise.all(all.map(documentOf)) })}\n`);
    return EXIT.done;
  }
  if (all.length === 0) print.out("-- Nothing to do.\n");
  for (const [index, planned] of all.entries()) {
    print.out(`${index === 0 ? "" : "\n"}${await plannedSql(planned, index + 1, all.length)}`);
  }
  return EXIT.done;
}

async function documentOf({ migration, record: _record, ...planned }: Planned): Promise<Record<string, unknown>> {
  return { ...planned, sql: migration.kind === "module" ? null : (await readMigration(migration)).toString("utf8") };
}
