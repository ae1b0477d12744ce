import { EXIT } from "../../contract/exit-code.ts";
import type { ExitCode } from "../../contract/exit-code.ts";
import { VERSION } from "../../contract/version.ts";
import { Failure } from "../failure.ts";
import { stopped } from "../stopped.ts";
import { failureFields } from "../result-fields.ts";
import type { CommandName } from "./commands.ts";
import { earlyResult } from "../early-result.ts";
import { failureText } from "./failure-text.ts";
import type { Host } from "./host.ts";
import { runIdFor, valuesOf } from "./invocation.ts";
import type { Invocation } from "./invocation.ts";
import { parseArguments } from "./parse.ts";
import type { Arguments } from "./parse.ts";
import { presenter, styleOf } from "./presenter.ts";
import { printer } from "./printer.ts";
import type { Printer } from "./printer.ts";
import { reportOf } from "./write-report.ts";

type Run = (invocation: Invocation) => Promise<ExitCode>;

/** Loaded when asked for: what one command needs doesn't slow the others' start. */
const RUNS = {
  migrate: async () => (await import("./commands/migrate.ts")).migrateCommand,
  status: async () => (await import("./commands/status.ts")).statusCommand,
  plan: async () => (await import("./commands/plan.ts")).planCommand,
  down: async () => (await import("./commands/down.ts")).downCommand,
  baseline: async () => (await import("./commands/baseline.ts")).baselineCommand,
  unlock: async () => (await import("./commands/unlock.ts")).unlockCommand,
  check: async () => (await import("./commands/check.ts")).checkCommand,
} satisfies Record<CommandName, () => Promise<Run>>;

/** Commands that tell something instead of running migrations: without a terminal they print text, not a log. */
const TELLS: ReadonlySet<CommandName> = new Set(["status", "plan", "unlock"]);

/**
 * Runs one command line and resolves to its exit code. Whatever a user can cause is told without a stack trace. Never
 * rejects, and ends nothing: that is main.ts's.
 */
export async function runCommandLine(argv: readonly string[], host: Host): Promise<ExitCode> {
  const { arguments: args, failure } = parseArguments(argv);
  const print = printer(host);
  const { command } = args;
  if (command === "help" || command === "version" || command === null) {
    if (failure !== null) return usage(failure, print);
    const { helpText } = await import("./help.ts");
    // As it is: the form of a connection string in it would be taken for one.
    host.out.write(command === "version" ? `${VERSION}\n` : helpText(args.topic));
    return EXIT.done;
  }
  const invocation = await invoke(command, args, host, print);
  try {
    if (failure !== null) throw failure;
    const run: Run = await RUNS[command]();
    return await run(invocation);
  } catch (error) {
    return await failed(invocation, failureOf(error, host, print));
  } finally {
    invocation.presenter.close();
  }
}

function usage(failure: Failure, print: Printer): ExitCode {
  print.err(`${failureText(failure)}\n`);
  return failure.exitCode;
}

async function invoke(command: CommandName, args: Arguments, host: Host, print: Printer): Promise<Invocation> {
  const startedAt = host.now();
  const from = valuesOf(args);
  const runId = runIdFor(from, startedAt);
  const json = args.switches.has("json");
  // A check is no run: it has no progress of one to draw, and its log is for people.
  const style = command === "check" ? "text" : styleOf(host, { tells: TELLS.has(command), json });
  const shown = await presenter(style, { host, print, runId, json });
  const context = { onEvent: shown.onEvent, signal: host.signal, now: host.now };
  return { command, args, from, runId, json, host, print, presenter: shown, context, startedAt };
}

/** Tells a failure that left no result of its own, and reports it as far as the flags could be read. */
async function failed(invocation: Invocation, failure: Failure): Promise<ExitCode> {
  const { command, presenter: shown, runId, startedAt, host, json, print } = invocation;
  shown.failed(failure);
  const error = { code: failure.code, message: failure.message, migration: failure.details.migration ?? null };
  if (json) {
    print.out(`${JSON.stringify({ runId, command, exitCode: failure.exitCode, error, ...failureFields(failure) })}\n`);
  }
  if (command !== "plan" && command !== "unlock" && command !== "check") {
    const finishedAt = host.now();
    await reportOf(invocation, earlyResult({ runId, command, startedAt, finishedAt, failure }));
  }
  return failure.exitCode;
}

function failureOf(error: unknown, host: Host, print: Printer): Failure {
  if (error instanceof Failure) return error;
  // Reading a folder ends with the signal's reason, which is no error.
  if (host.signal.aborted && error === host.signal.reason) return stopped(host.signal);
  return asBug(error, host, print);
}

/** What nobody foresaw. Its stack trace is for developers who ask for it. */
export function asBug(error: unknown, { variables }: Pick<Host, "variables">, print: Printer): Failure {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (variables.LOCKKEEPER_DEBUG === "1") print.err(`${stack}\n`);
  const message = error instanceof Error ? error.message : String(error);
  return new Failure("BUG", EXIT.bug, `this is a bug in Lockkeeper: ${message}`, {
    hint: "Please report it, with what LOCKKEEPER_DEBUG=1 prints on a second try.",
    cause: error,
  });
}
