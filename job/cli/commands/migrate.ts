import type { ExitCode } from "../../../contract/exit-code.ts";
import { Failure } from "../../failure.ts";
import { skipDisabled } from "../../skip.ts";
import type { RunSettings } from "../../settings.ts";
import { protectedEnvironment, settingsOf } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";
import { runAndTell, tell } from "../run-command.ts";

/** `lockkeeper migrate`. With DB_MIGRATE_ENABLED=0 it only says that it is disabled, whatever else is wrong. */
export async function migrateCommand(invocation: Invocation): Promise<ExitCode> {
  if (!protectedEnvironment(invocation).enabled) {
    const { runId, startedAt, context } = invocation;
    return await tell(invocation, await skipDisabled(readable(invocation), { runId, startedAt }, context));
  }
  const { migrate } = await import("../../migrate.ts");
  return await runAndTell(invocation, migrate);
}

/** A disabled run fails for nothing: not for a URL that isn't there, nor for a folder. */
function readable(invocation: Invocation): RunSettings | null {
  try {
    return settingsOf(invocation);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}
