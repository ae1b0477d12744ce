import { checkText, readWhole } from "./inspect.ts";
import type { Migration } from "./migration.ts";
import { refuse } from "./refuse.ts";

/**
 * A migration's text, without its byte order mark; the Buffer is the only copy. Throws invalid source when the file is
 * gone or isn't what it was when it was listed: the plan and the history are about that content.
 */
export async function readMigration(migration: Migration): Promise<Buffer> {
  const { content, checksum } = await readWhole(migration.file);
  if (checksum !== migration.checksum) {
    throw refuse(
      { file: migration.file },
      `changed while Lockkeeper ran: its sha256 was ${migration.checksum} and is ${checksum}`,
      "Run it again when nothing writes to the folder any more.",
    );
  }
  return withoutBom(content);
}

/** The text that undoes an SQL migration; no history keeps its checksum. Throws invalid source, as when listing. */
export async function readDown(migration: Migration): Promise<Buffer> {
  const { downFile: file } = migration;
  if (migration.kind !== "sql" || file === null) throw new Error(`${migration.name} has no down file to read`);
  const { content } = await readWhole(file);
  checkText(file, content);
  return withoutBom(content);
}

function withoutBom(content: Buffer): Buffer {
  const marked = content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf;
  return marked ? content.subarray(3) : content;
}
