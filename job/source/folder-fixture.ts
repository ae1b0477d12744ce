import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export type FolderFixture = {
  dir: string;
  write(files: Record<string, string | Buffer>): Promise<void>;
} & AsyncDisposable;

/** For tests: a folder of its own with these files (paths may have folders), removed when it is disposed of. */
export async function folderWith(files: Record<string, string | Buffer>): Promise<FolderFixture> {
  const dir = await mkdtemp(join(tmpdir(), "lockkeeper-source-"));
  const write = async (more: Record<string, string | Buffer>): Promise<void> => {
    for (const [path, content] of Object.entries(more)) {
      const file = join(dir, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  };
  await write(files);
  return { dir, write, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

/** For tests: a journal of drizzle 0.x that names these tags in this order. */
export function journalOf(tags: readonly string[], changes: Record<string, unknown> = {}): string {
  const entries = tags.map((tag, idx) => ({
    idx,
    version: "7",
    when: 1_700_000_000_000 + idx,
    tag,
    breakpoints: true,
  }));
  return JSON.stringify({ version: "7", dialect: "postgresql", entries, ...changes }, null, 2);
}

/** For tests: what `run` rejects with. */
export async function failureOf(run: Promise<unknown>): Promise<unknown> {
  try {
    await run;
  } catch (error) {
    return error;
  }
  throw new Error("it was expected to be refused, but it wasn't");
}
