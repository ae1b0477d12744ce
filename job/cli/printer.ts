import { redact } from "../../contract/redact.ts";
import type { Host } from "./host.ts";

/** Everything that is printed goes through here, and leaves without the secrets. */
export type Printer = {
  out(text: string): void;
  err(text: string): void;
  /** Names secrets from `secretsOf`; nothing is printed with them from now on. */
  protect(secrets: readonly string[]): void;
  secrets(): readonly string[];
};

export function printer({ out, err }: Pick<Host, "out" | "err">): Printer {
  // A new list each time: `redact` remembers what it made of a list that it has seen.
  let secrets: readonly string[] = [];
  return {
    out: (text) => void out.write(redact(text, secrets)),
    err: (text) => void err.write(redact(text, secrets)),
    protect: (more) => void (secrets = [...secrets, ...more]),
    secrets: () => secrets,
  };
}
