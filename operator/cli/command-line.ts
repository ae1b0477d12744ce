import { EXIT } from "../../contract/exit-code.ts";
import type { ExitCode } from "../../contract/exit-code.ts";
import { VERSION } from "../../contract/version.ts";
import { ApiError } from "../api/api.ts";
import { openCluster } from "./cluster.ts";
import type { CommandName } from "./commands.ts";
import { CliFailure } from "./failure.ts";
import { helpText } from "./help.ts";
import type { Host } from "./host.ts";
import type { Invocation } from "./invocation.ts";
import { parseArguments } from "./parse.ts";
import type { Asked } from "./parse.ts";
import { printer } from "./printer.ts";

type Run = (invocation: Invocation) => Promise<ExitCode>;

/** Loaded when asked for. */
const RUNS = {
  apply: async () => (await import("./commands/apply.ts")).applyCommand,
  wait: async () => (await import("./commands/wait.ts")).waitCommand,
  status: async () => (await import("./commands/status.ts")).statusCommand,
  retry: async () => (await import("./commands/retry.ts")).retryCommand,
  open: async () => (await import("./commands/open.ts")).openCommand,
  job: async () => (await import("./commands/job.ts")).jobCommand,
} satisfies Record<CommandName, () => Promise<Run>>;

/** Runs one command line and resolves to its exit code. Never rejects, and ends nothing: that is main.ts's. */
export async function runCommandLine(argv: readonly string[], host: Host): Promise<ExitCode> {
  try {
    const asked = parseArguments(argv);
    switch (asked.kind) {
      case "help":
        printer(host).out(helpText(asked.topic));
        return EXIT.done;
      case "version":
        printer(host).out(VERSION);
        return EXIT.done;
      case "run":
        return await run(asked, host);
      default:
        return asked satisfies never;
    }
  } catch (error) {
    return tell(error, host);
  }
}

async function run(asked: Extract<Asked, { kind: "run" }>, host: Host): Promise<ExitCode> {
  const cluster = openCluster(asked.values, host);
  try {
    const command: Run = await RUNS[asked.command]();
    return await command({ ...asked, cluster, host });
  } finally {
    cluster.close();
  }
}

/** A failure for people. Only a bug has a stack trace, for developers who ask for it. */
export function tell(error: unknown, host: Pick<Host, "out" | "err" | "signal" | "variables">): ExitCode {
  const print = printer(host);
  if (error instanceof CliFailure) {
    print.err(`error: ${error.message}${error.hint === "" ? "" : `\n  hint: ${error.hint}`}`);
    return error.exitCode;
  }
  if (host.signal.aborted) {
    print.err("stopped");
    return EXIT.cancelled;
  }
  if (error instanceof ApiError) {
    print.err(`error: ${error.message}`);
    return error.status === 0 || error.status >= 500 ? EXIT.unreachable : EXIT.invalidInput;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  print.err(
    `error: this is a bug in Lockkeeper: ${message}\n  hint: Please report it, with what LOCKKEEPER_DEBUG=1 prints.`,
  );
  if (host.variables["LOCKKEEPER_DEBUG"] === "1") print.err(stack ?? message);
  return EXIT.bug;
}
