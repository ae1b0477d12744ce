import { randomBytes } from "node:crypto";
import type { ExitCode } from "../../../contract/exit-code.ts";
import { uuidV7 } from "../../../contract/uuid.ts";
import { byHandJob } from "../../job/by-hand.ts";
import type { RunOrder } from "../../job/order.ts";
import { operandOf } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";
import { byHandOf } from "../job/by-hand.ts";
import { runJob } from "../job/run.ts";
import { said } from "../job/said.ts";
import { runnerOf, sourceNow } from "../job/source.ts";
import { printer } from "../printer.ts";
import { migrationName, readMigration } from "../resource.ts";

/** `kubectl lockkeeper job NAME -- COMMAND`: the runner once, in the cluster, where database and Secret are to be had. */
export async function jobCommand(invocation: Invocation): Promise<ExitCode> {
  const { cluster, host, values, rest } = invocation;
  const name = migrationName(operandOf(invocation));
  const byHand = byHandOf(rest);
  const migration = await readMigration(cluster, name, host);
  const runner = await runnerOf(migration, values["runner-image"], cluster, host.signal);
  const { source, template } = await sourceNow(migration, runner, cluster, host.signal);
  const order: RunOrder = {
    ...{ migration, source, template, command: "status" as const, key: "", epoch: 0, attempt: 0 },
    job: jobName(name, byHand.command),
    runId: uuidV7(new Date(host.wall())),
  };
  const print = printer(host);
  const isJson = byHand.given.includes("--json");
  const say = (line: string): void => print.out(isJson ? line : said(line));
  return await runJob(byHandJob(order, byHand, runner), { cluster, host, say });
}

/** Of at most 63 characters, and never that of another. */
function jobName(name: string, command: string): string {
  const end = `-${command}-${randomBytes(4).toString("hex")}`;
  return `${name
    .replaceAll(".", "-")
    .slice(0, 63 - end.length)
    .replace(/-+$/, "")}${end}`;
}
