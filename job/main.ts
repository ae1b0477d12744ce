#!/usr/bin/env node
import { asBug, runCommandLine } from "./cli/command-line.ts";
import { processVariables } from "./environment.ts";
import { failureText } from "./cli/failure-text.ts";
import { printer } from "./cli/printer.ts";
import { EXIT } from "../contract/exit-code.ts";
import { secretsOfConnection } from "./connection-parts.ts";

// V8 doubles the space for young objects up to three times 16 MB, and lets the old ones double before it collects them,
// though a run keeps few of either (docs/decisions/011-bundles.md). It has to be said before they have grown: as soon as
// what the run waits for is under way.
setTimeout(() => void keepHeapSmall(), 0).unref();

async function keepHeapSmall(): Promise<void> {
  const { setFlagsFromString } = await import("node:v8");
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--heap-growing-percent=20");
}

/** How long a reader that doesn't read may hold up a run that is to stop, ms. */
const FLUSH_WHEN_STOPPING_MS = 1_000;

// A process that ends because nothing is left to wait for has not done its work: that would be a bug, not a success.
process.exitCode = EXIT.bug;

const variables = processVariables();
const controller = new AbortController();

function stop(signal: NodeJS.Signals): void {
  // Someone at a keyboard who asks twice has decided. The server notices by itself that we are gone.
  if (controller.signal.aborted && signal === "SIGINT") process.exit(EXIT.cancelled);
  controller.abort(signal);
}

process.on("SIGTERM", stop);
process.on("SIGINT", stop);
for (const stream of [process.stdout, process.stderr]) {
  // A reader that goes away, such as `head`, is no reason to stop a migration.
  stream.on("error", () => undefined);
}
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, (error: unknown) => {
    const print = printer({ out: process.stdout, err: process.stderr });
    print.protect(secretsOfConnection(variables));
    print.err(`${failureText(asBug(error, { variables }, print))}\n`);
    process.exit(EXIT.bug);
  });
}

void main();

async function main(): Promise<void> {
  const exitCode = await runCommandLine(process.argv.slice(2), {
    out: process.stdout,
    err: process.stderr,
    variables,
    signal: controller.signal,
    now: () => new Date(),
  });
  await Promise.race([Promise.all([flushed(process.stdout), flushed(process.stderr)]), stopping()]);
  process.exit(exitCode);
}

/** Resolves when what was written has left the process: into a pipe that may be long after the write. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (!stream.writable || stream.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    stream.once("error", () => resolve());
    stream.write("", () => resolve());
  });
}

async function stopping(): Promise<void> {
  await new Promise<void>((resolve) => {
    const later = (): void => void setTimeout(resolve, FLUSH_WHEN_STOPPING_MS).unref();
    if (controller.signal.aborted) later();
    else controller.signal.addEventListener("abort", later, { once: true });
  });
}
