/** What is kept of each cluster on disk, so that any process can find it, use it and take it away. */
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { stateFolder } from "../environment.ts";
import { processSchema } from "./processes.ts";

const schema = z.object({
  name: z.string(),
  size: z.enum(["control-plane", "full"]),
  keep: z.boolean(),
  /** False while it is being started. */
  ready: z.boolean(),
  hostAddress: z.string(),
  /** The number that its addresses come from; null without a network of its own. */
  index: z.number().nullable(),
  server: z.string(),
  nodes: z.array(z.object({ name: z.string(), process: processSchema })),
});

export type ClusterRecord = z.infer<typeof schema>;

export function folderOf(name: string): string {
  return join(stateFolder, name);
}

/** Writes it whole or not at all. */
export async function writeRecord(record: ClusterRecord): Promise<void> {
  const file = join(folderOf(record.name), "cluster.json");
  await mkdir(folderOf(record.name), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
  await rename(`${file}.new`, file);
}

/** Null if there is none. */
export async function readRecord(name: string): Promise<ClusterRecord | null> {
  const content = await readFile(join(folderOf(name), "cluster.json"), "utf8").catch(() => null);
  return content === null ? null : schema.parse(JSON.parse(content));
}

export async function allRecords(): Promise<ClusterRecord[]> {
  const names = await readdir(stateFolder).catch(() => []);
  const records = await Promise.all(names.map(readRecord));
  return records.filter((record) => record !== null);
}
