import type { ExitCode } from "../../../contract/exit-code.ts";
import { down, EVERYTHING } from "../../down.ts";
import { invalidInput } from "../../failure.ts";
import type { Invocation } from "../invocation.ts";
import { runAndTell } from "../run-command.ts";

/** `lockkeeper down --to NAME --yes`: undoing loses data, so both have to be said. */
export async function downCommand(invocation: Invocation): Promise<ExitCode> {
  const { to } = invocation.from.values;
  if (to === undefined) {
    throw invalidInput("down lacks --to", {
      hint: "Name the migration to go back to: lockkeeper down --to NAME --yes",
    });
  }
  if (!invocation.from.switches.has("yes")) {
    throw invalidInput(
      `down undoes ${to === EVERYTHING ? "all migrations" : `what was applied after ${to}`}, and what that stored is lost`,
      {
        hint: "Add --yes if that is meant.",
      },
    );
  }
  return await runAndTell(invocation, async (settings, context) => await down(settings, { to }, context));
}
