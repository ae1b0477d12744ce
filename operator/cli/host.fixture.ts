import type { ExitCode } from "../../contract/exit-code.ts";
import { runCommandLine } from "./command-line.ts";
import type { Host } from "./host.ts";

/** A command that runs, or has. */
export type Called = {
  /** What it has printed so far. */
  out(): string;
  err(): string;
  ended: Promise<ExitCode>;
  /** Ctrl-C. */
  interrupt(): void;
};

export type CallOptions = { kubeconfig?: string; stdin?: string; terminal?: boolean; now?: () => number };

/** Calls the plugin as main.ts does, with what it prints kept. `line` is divided at spaces. */
export function call(line: string | readonly string[], options: CallOptions = {}): Called {
  const { kubeconfig = "/nowhere", stdin = "", terminal = false, now = () => performance.now() } = options;
  const controller = new AbortController();
  const [out, err]: [string[], string[]] = [[], []];
  const host: Host = {
    out: { write: (text) => out.push(text) },
    err: { write: (text) => err.push(text), isTTY: terminal, columns: 80 },
    variables: { KUBECONFIG: kubeconfig },
    signal: controller.signal,
    wall: () => Date.now(),
    now,
    stdin: async () => stdin,
  };
  const argv = typeof line === "string" ? line.split(" ").filter((word) => word !== "") : line;
  return {
    out: () => out.join(""),
    err: () => err.join(""),
    ended: runCommandLine(argv, host),
    interrupt: () => controller.abort(new Error("stopped by SIGINT")),
  };
}
