import { EXIT } from "../../../contract/exit-code.ts";
import type { ExitCode } from "../../../contract/exit-code.ts";
import { GATE } from "../../../contract/resource/names.ts";
import { CliFailure, invalid } from "../failure.ts";
import { operandOf } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";
import { aboutPod, findGated } from "../open/find.ts";
import type { Found } from "../open/find.ts";
import { openPod } from "../open/open-pod.ts";
import { recordOpened } from "../open/record.ts";
import { printer } from "../printer.ts";

/** `kubectl lockkeeper open deployment/NAME|pod/NAME [--yes]`: for an emergency, and without the operator. */
export async function openCommand(invocation: Invocation): Promise<ExitCode> {
  const { cluster, host, switches } = invocation;
  const operand = operandOf(invocation);
  const found = await findGated(operand, cluster, host.signal);
  const print = printer(host);
  if (found.pods.length === 0) {
    print.out(`${operand}: no pod of it waits at the gate`);
    return EXIT.done;
  }
  for (const pod of found.pods) print.out(await aboutPod(pod, cluster, host.signal));
  if (!switches.has("yes")) throw unconfirmed(found, cluster.namespace);
  let refused: unknown = null;
  const opened: Found["pods"] = [];
  for (const { pod } of found.pods) {
    try {
      const was = await openPod(pod, cluster, host.signal);
      print.out(`pod/${pod.metadata.name}: ${was === "opened" ? "the gate is taken away" : was}`);
      if (was === "opened") opened.push({ pod, replicaSet: null });
    } catch (error) {
      if (!(error instanceof CliFailure)) throw error;
      refused ??= error;
      print.err(`pod/${pod.metadata.name}: ${error.message}`);
    }
  }
  if (opened.length > 0) {
    const trouble = await recordOpened(found, opened, cluster, host);
    if (trouble !== null) print.err(`warning: no event was recorded: ${trouble}`);
  }
  if (refused !== null) throw refused as CliFailure;
  if (found.deployment !== null) print.out("Pods that are made later wait at the gate again.");
  return EXIT.done;
}

/** What is about to happen, and how to do it: also without this program. */
function unconfirmed({ pods }: Found, namespace: string): CliFailure {
  const patch = JSON.stringify({ spec: { schedulingGates: [{ $patch: "delete", name: GATE }] } });
  const lines = pods.map(({ pod }) => `    kubectl patch pod ${pod.metadata.name} -n ${namespace} --patch '${patch}'`);
  return invalid(
    `${pods.length === 1 ? "this pod" : `these ${pods.length} pods`} would start, and nobody has proved that the schema is there`,
    `Add --yes if that is meant. The same by kubectl alone:\n${lines.join("\n")}`,
  );
}
