import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Server } from "../../postgres/server.ts";
import type { Contender } from "./contenders.ts";
import { urlOf, withDatabase } from "./database.ts";
import { folders } from "./folders.ts";
import { largeMigration, migrations } from "./migrations.ts";
import { time } from "./process.ts";

export const MANY = 5_000;
export const LARGE_BYTES = 50_000_000;

/** Resident peaks in bytes. */
export type Memory = { emptyNode: number; small: number; many: number; large: number; largeFileBytes: number };

const hook = pathToFileURL(join(import.meta.dirname, "contenders/peak.mjs")).href;

const writeLarge = (dir: string): number => {
  mkdirSync(dir, { recursive: true });
  const fd = openSync(join(dir, "0001_large.sql"), "w");
  let bytes = 0;
  for (const part of largeMigration(LARGE_BYTES)) bytes += writeSync(fd, part);
  closeSync(fd);
  return bytes;
};

/** Measures Lockkeeper's resident peak: one small migration, 5,000 of them, and one of 50 MB. */
export const measureMemory = async (server: Server, lockkeeper: Contender, scratch: string): Promise<Memory> => {
  const peakFile = join(scratch, "peak");
  const peak = async (file: string, args: string[], env: Record<string, string>) => {
    rmSync(peakFile, { force: true });
    await time({ file, args: ["--import", hook, ...args], env: { ...env, BENCH_PEAK_FILE: peakFile } }, scratch);
    return Number(readFileSync(peakFile, "utf8")) * 1_024;
  };
  const migrate = (dir: string) =>
    withDatabase(server, (name) => {
      const { file, args, env } = lockkeeper.command(dir, urlOf(server, name));
      return peak(file, args, env);
    });

  const [small, many, large] = [join(scratch, "small"), join(scratch, "many"), join(scratch, "large")];
  folders[lockkeeper.folder](small, migrations(1));
  folders[lockkeeper.folder](many, migrations(MANY));
  const largeFileBytes = writeLarge(large);
  return {
    emptyNode: await peak(process.execPath, ["-e", "0"], {}),
    small: await migrate(small),
    many: await migrate(many),
    large: await migrate(large),
    largeFileBytes,
  };
};
