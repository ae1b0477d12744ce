#!/usr/bin/env node
import { text } from "node:stream/consumers";
import { EXIT } from "../../contract/exit-code.ts";
import { runCommandLine, tell } from "./command-line.ts";

// A process that ends because nothing is left to wait for has not done its work: that would be a bug, not a success.
process.exitCode = EXIT.bug;

const controller = new AbortController();
const host = {
  out: process.stdout,
  err: process.stderr,
  variables: process.env,
  signal: controller.signal,
  wall: () => Date.now(),
  now: () => performance.now(),
  stdin: async () => await text(process.stdin),
};

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    // Someone at a keyboard who asks twice has decided.
    if (controller.signal.aborted && signal === "SIGINT") process.exit(EXIT.cancelled);
    controller.abort(new Error(`stopped by ${signal}`));
  });
}
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => process.exit(tell(error, host)));
}
// A reader that goes away, such as `head`, is no reason to stop.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

void runCommandLine(process.argv.slice(2), host).then(async (exitCode) => {
  await Promise.all([process.stdout, process.stderr].map(flushed));
  process.exit(exitCode);
});

/** Resolves when what was written has left the process: into a pipe that may be long after the write. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (!stream.writable || stream.writableLength === 0) return;
  await new Promise<void>((resolve) => {
    stream.once("error", () => resolve());
    stream.write("", () => resolve());
  });
}
