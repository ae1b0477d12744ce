import type { ExitCode } from "../../../contract/exit-code.ts";
import { baseline } from "../../baseline.ts";
import type { Invocation } from "../invocation.ts";
import { runAndTell } from "../run-command.ts";

/** `lockkeeper baseline NAME`. */
export async function baselineCommand(invocation: Invocation): Promise<ExitCode> {
  const name = invocation.args.operand ?? "";
  return await runAndTell(invocation, async (settings, context) => await baseline(settings, { name }, context));
}
