import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

export type Programs = {
  /** A PATH that has them first. */
  path: string;
  /** Every call in order, as `program arguments`. */
  calls: () => Promise<string[]>;
};

/**
 * Programs that only record how they are called, and then do what their script says (bash; none: end with 0). `CALLED`
 * is the call there.
 */
export async function standInPrograms(folder: string, scripts: Record<string, string>): Promise<Programs> {
  const [bin, log] = [join(folder, "bin"), join(folder, "calls")];
  await mkdir(bin, { recursive: true });
  await writeFile(log, "");
  for (const [name, script] of Object.entries(scripts)) {
    const head = `#!/bin/bash\nCALLED="${name} $*"\nprintf '%s\\n' "$CALLED" >>'${log}'\n`;
    await writeFile(join(bin, name), head + script);
    await chmod(join(bin, name), 0o755);
  }
  return {
    path: `${bin}${delimiter}${process.env.PATH ?? ""}`,
    calls: async () => (await readFile(log, "utf8")).split("\n").filter((line) => line !== ""),
  };
}
