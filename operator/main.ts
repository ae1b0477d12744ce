#!/usr/bin/env node
import { VERSION } from "../contract/version.ts";
import { connect } from "./api/connect.ts";
import type { Connection } from "./api/connect.ts";
import { createApi } from "./api/request.ts";
import { systemClock } from "./clock.ts";
import { clusterClock } from "./cluster-clock.ts";
import { EXIT } from "./exit-code.ts";
import type { ExitCode } from "./exit-code.ts";
import { helpText } from "./help.ts";
import { openLog } from "./log.ts";
import { ownHeap, startTidy } from "./memory/tidy.ts";
import { openInstruments } from "./metrics/instruments.ts";
import { Misconfigured } from "./misconfigured.ts";
import { openOps } from "./ops.ts";
import { openReconciler } from "./reconciler.ts";
import { startOperator } from "./run.ts";
import { readSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** Into a pipe it is written before this returns, so that the last line before an exit arrives. */
const write = (text: string): void => void process.stdout.write(text);

let log = openLog({ level: "info", write, wall: systemClock.wall });
const controller = new AbortController();

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    log.info({ signal }, "stopping");
    controller.abort(new Error(`stopped by ${signal}`));
  });
}
for (const event of ["uncaughtException", "unhandledRejection"] as const) {
  process.on(event, (error: unknown) => {
    log.fatal({ error }, "a bug in Lockkeeper");
    process.exit(EXIT.bug);
  });
}

// Who doesn't read our log doesn't end us.
process.stdout.on("error", () => undefined);

void main().then((exitCode) => process.exit(exitCode));

async function main(): Promise<ExitCode> {
  try {
    const asked = readSettings(process.argv.slice(2), process.env);
    if (asked.kind === "run") return await run(asked.settings);
    write(asked.kind === "help" ? helpText() : `${VERSION}\n`);
    return EXIT.stopped;
  } catch (error) {
    if (error instanceof Misconfigured) {
      log.fatal({ error: error.message, hint: error.hint }, "misconfigured");
      return EXIT.misconfigured;
    }
    log.fatal({ error }, "a bug in Lockkeeper");
    return EXIT.bug;
  }
}

async function run(settings: Settings): Promise<ExitCode> {
  log = openLog({ level: settings.logLevel, write, wall: systemClock.wall });
  log.info({ version: VERSION, namespaces: settings.namespaces, identity: settings.lease.identity }, "starting");
  const connection = connected(settings);
  const clock = clusterClock(systemClock, (offMs) => log.warn({ offMs }, "this machine's clock is not the cluster's"));
  const instruments = openInstruments();
  const sent = (method: string, status: number): void =>
    instruments.apiRequests.inc({ method, code: status === 0 ? "none" : String(status) });
  const tools = { api: createApi(connection, clock, sent), clock: systemClock, log, instruments };
  const heap = ownHeap();
  using _tidy = heap === null ? null : startTidy(systemClock, heap);
  const end = await startOperator(settings, {
    ...tools,
    signal: controller.signal,
    openOps: async (view) =>
      await openOps({ clock, log, instruments, settings: settings.ops, program: process.argv[1] ?? "" }, view),
    openReconciler: async (world) => await openReconciler({ ...tools, clock, settings }, world),
  });
  log.info({ end }, "stopped");
  return end === "stopped" ? EXIT.stopped : EXIT.leaseLost;
}

function connected({ kubeconfig, inCluster }: Settings): Connection {
  try {
    return connect({ kubeconfig, inCluster, userAgent: `lockkeeper-operator/${VERSION}` }, systemClock.now);
  } catch (error) {
    const message = `How to reach the cluster can't be read: ${(error as Error).message}`;
    throw new Misconfigured(message, "Set KUBECONFIG to a file that names a cluster, or run in a pod.", error);
  }
}
