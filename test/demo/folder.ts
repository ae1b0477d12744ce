import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export type GrowingFolder = AsyncDisposable & {
  dir: string;
  /** Adds a migration as the newest. */
  add(tag: string, sql: string): Promise<void>;
};

/** A drizzle folder of the demo's own, that grows by releases. */
export async function growingFolder(source: string): Promise<GrowingFolder> {
  const dir = await mkdtemp(join(tmpdir(), "lockkeeper-demo-"));
  await cp(source, dir, { recursive: true });
  const journalFile = join(dir, "meta/_journal.json");
  return {
    dir,
    async add(tag: string, sql: string): Promise<void> {
      const journal = JSON.parse(await readFile(journalFile, "utf8")) as Journal;
      const last = journal.entries.at(-1);
      journal.entries.push({
        idx: (last?.idx ?? 0) + 1,
        version: "7",
        when: (last?.when ?? 0) + 60_000,
        tag,
        breakpoints: true,
      });
      await writeFile(join(dir, `${tag}.sql`), sql);
      await writeFile(journalFile, JSON.stringify(journal, null, 2));
    },
    [Symbol.asyncDispose]: async () => await rm(dir, { recursive: true, force: true }),
  };
}

type Journal = { entries: { idx: number; version: string; when: number; tag: string; breakpoints: boolean }[] };
