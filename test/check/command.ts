import { runCommandLine } from "../../job/cli/command-line.ts";

export type Commanded = { code: number; stdout: string; stderr: string };

/** All of the command but its process, which takes its time to start. */
export async function inProcess(argv: string[], variables: Record<string, string>): Promise<Commanded> {
  let [stdout, stderr] = ["", ""];
  const code = await runCommandLine(argv, {
    out: { write: (text) => (stdout += text) },
    err: { write: (text) => (stderr += text) },
    variables,
    signal: new AbortController().signal,
    now: () => new Date(),
  });
  return { code, stdout, stderr };
}
