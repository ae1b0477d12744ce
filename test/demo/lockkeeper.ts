import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Report } from "../../contract/report.ts";
import { shell } from "./narrate.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "job/main.ts");

export type Ran = { exitCode: number; report: Report };

/**
 * Runs the real command as a person would, with its output on the terminal: progress where it is one, JSON lines where it
 * isn't. Resolves to its report.
 */
export async function lockkeeper(databaseUrl: string, argv: string[], { quiet = false } = {}): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-demo-"));
  try {
    const file = join(folder, "report.json");
    if (!quiet) shell(`lockkeeper ${argv.map(shortened).join(" ")}`);
    const child = spawn(process.execPath, [MAIN, ...argv, "--report", file], {
      cwd: ROOT,
      env: { ...process.env, DATABASE_URL: databaseUrl },
      stdio: ["ignore", quiet ? "ignore" : "inherit", quiet ? "ignore" : "inherit"],
    });
    const [exitCode] = (await once(child, "close")) as [number];
    return { exitCode, report: Report.parse(JSON.parse(await readFile(file, "utf8"))) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const shortened = (word: string): string => (word.startsWith(ROOT) ? relative(ROOT, word) : word);
