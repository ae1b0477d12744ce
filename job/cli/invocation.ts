import { secretsOf } from "../../contract/redact.ts";
import { secretsOfConnection } from "../connection-parts.ts";
import type { RunContext } from "../context.ts";
import { readEnvironment } from "../environment.ts";
import type { Environment } from "../environment.ts";
import type { RunSettings } from "../settings.ts";
import { isUuid, uuidV7 } from "../../contract/uuid.ts";
import type { CommandName } from "./commands.ts";
import { readConnection } from "./connection.ts";
import type { Host } from "./host.ts";
import type { Arguments } from "./parse.ts";
import type { Presenter } from "./presenter.ts";
import type { Printer } from "./printer.ts";
import { readSettings } from "./settings.ts";
import type { Values } from "./values.ts";

/** What a command gets: its arguments, and how it tells what it does. */
export type Invocation = {
  command: CommandName;
  args: Arguments;
  from: Values;
  runId: string;
  json: boolean;
  host: Host;
  print: Printer;
  presenter: Presenter;
  context: RunContext;
  startedAt: Date;
};

export const valuesOf = (args: Arguments): Values => ({
  values: args.values,
  switches: args.switches,
  label: (flag) => `--${flag}`,
});

/** The given run id, or a new one: an invalid one is refused later, by a failure that needs an id itself. */
export function runIdFor({ values }: Values, now: Date): string {
  const given = values["run-id"];
  return given !== undefined && isUuid(given) ? given.toLowerCase() : uuidV7(now);
}

/** The environment and the run's settings. From here on nothing is printed with the connection's secrets. */
export function settingsOf(invocation: Invocation): RunSettings {
  const environment = protectedEnvironment(invocation);
  const settings = readSettings(invocation.from, environment, { runner: "cli", runId: invocation.runId });
  invocation.print.protect(secretsOf(settings.connection.url));
  return settings;
}

/** The connection alone, for a command that needs no folder. */
export function connectionOf(invocation: Invocation): RunSettings["connection"] {
  const connection = readConnection(invocation.from, protectedEnvironment(invocation));
  invocation.print.protect(secretsOf(connection.url));
  return connection;
}

/** Even a connection that can't be used has a password that must not be printed. */
export function protectedEnvironment({ host, print }: Pick<Invocation, "host" | "print">): Environment {
  print.protect(secretsOfConnection(host.variables));
  return readEnvironment(host.variables);
}
