import type { Environment } from "./environment.ts";
import { secretsOfConnection } from "./connection-parts.ts";
import { processVariables, readEnvironment } from "./environment.ts";
import { EXIT } from "../contract/exit-code.ts";
import { secretsOf } from "../contract/redact.ts";
import { earlyResult } from "./early-result.ts";
import type { RunEvent } from "./event.ts";
import { Failure } from "./failure.ts";
import type { MigrateOptions } from "./library/options.ts";
import { optionValues } from "./library/option-values.ts";
import { withoutSecrets } from "./library/without-secrets.ts";
import { readSettings } from "./cli/settings.ts";
import type { RunResult } from "./result.ts";
import type { RunSettings } from "./settings.ts";
import { skipDisabled } from "./skip.ts";
import { uuidV7 } from "../contract/uuid.ts";

export type { Code } from "../contract/code.ts";
export type { Blocker } from "../contract/run.ts";
export type { OnEvent, RunEvent } from "./event.ts";
export { Failure } from "./failure.ts";
export type { FailureDetails, Location } from "./failure.ts";
export type { MigrateOptions } from "./library/options.ts";
export type { RunResult } from "./result.ts";

/** What `migrate` rejects with: why, and all that is known of the run. */
export type FailedRun = Failure & { result: RunResult };

/**
 * Applies what is pending, as `lockkeeper migrate` does, for a process that migrates when it starts. Resolves to a result
 * that is SUCCESS or SKIPPED (nothing was pending, or `DB_MIGRATE_ENABLED=0`); rejects with a FailedRun otherwise. The
 * environment counts as for the command; an option wins over it. Prints nothing. No text of the result, of an event or of
 * an error holds the connection's password.
 */
export async function migrate(options: MigrateOptions = {}): Promise<RunResult> {
  const now = (): Date => new Date();
  const startedAt = now();
  const variables = processVariables();
  // Even a URL that can't be used has a password; what isn't a text is refused later.
  const url: unknown = options.databaseUrl;
  let secrets = [...secretsOf(typeof url === "string" ? url : ""), ...secretsOfConnection(variables)];
  const context = {
    onEvent: (event: RunEvent) => options.onEvent?.(withoutSecrets(event, secrets)),
    signal: options.signal ?? new AbortController().signal,
    now,
  };
  const runId = options.runId ?? uuidV7(startedAt);
  try {
    const environment = readEnvironment(variables);
    if (!environment.enabled) {
      return await skipDisabled(readable(options, environment, runId), { runId, startedAt }, context);
    }
    const run = await import("./migrate.ts");
    const settings = settingsOf(options, environment, runId);
    secrets = secretsOf(settings.connection.url);
    const result = withoutSecrets(await run.migrate(settings, context), secrets);
    if (result.exitCode === EXIT.done) return result;
    throw failedRun(result.failure ?? failureOf(result), result);
  } catch (error) {
    if (error instanceof Failure && "result" in error) throw error;
    const failure = withoutSecrets(error, secrets);
    if (!(failure instanceof Failure)) throw failure;
    throw failedRun(failure, earlyResult({ runId, command: "migrate", startedAt, finishedAt: now(), failure }));
  }
}

function settingsOf(options: MigrateOptions, environment: Environment, runId: string): RunSettings {
  const { databaseUrl } = options;
  const known = databaseUrl === undefined ? environment : { ...environment, databaseUrl, urlFrom: "databaseUrl" };
  return readSettings(optionValues(options), known, { runner: "web-startup", runId });
}

/** A disabled run fails for nothing. */
function readable(options: MigrateOptions, environment: Environment, runId: string): RunSettings | null {
  try {
    return settingsOf(options, environment, runId);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

const failedRun = (failure: Failure, result: RunResult): FailedRun => Object.assign(failure, { result });

const failureOf = ({ error, exitCode }: RunResult): Failure =>
  new Failure(error?.code ?? "BUG", exitCode, error?.message ?? "the run failed without a reason");
