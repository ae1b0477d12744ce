import { EXIT } from "../../../contract/exit-code.ts";
import type { ExitCode } from "../../../contract/exit-code.ts";
import { unlock } from "../../unlock.ts";
import { connectionOf } from "../invocation.ts";
import type { Invocation } from "../invocation.ts";
import { printable } from "../../../contract/printable.ts";
import { isStranded, unlockText } from "../unlock-text.ts";

/** `lockkeeper unlock [--yes]`. */
export async function unlockCommand(invocation: Invocation): Promise<ExitCode> {
  const { from, context, presenter, print, json } = invocation;
  const found = await unlock(connectionOf(invocation), { end: from.switches.has("yes") }, context);
  presenter.close();
  const { holder, ended, next } = found;
  const document = { held: next !== null, holder, stranded: holder !== null && isStranded(holder), ended, next };
  print.out(json ? `${JSON.stringify(document)}\n` : `${printable(unlockText(found))}\n`);
  return EXIT.done;
}
