import { createHash, hash } from "node:crypto";
import { closeSync, constants, fstatSync, open as openByCallback, read as readByCallback } from "node:fs";
import { promisify } from "node:util";
import { refuse, refuseUnreadable } from "./refuse.ts";
import { countLines, findBad, lastWhole, refuseLine } from "./text.ts";

/** A message to PostgreSQL has at most 1 GiB less two bytes; what is left is for the statements around the migration. */
export const LARGEST_FILE = 1_000_000_000;
const CHUNK = 65_536;

// File handles of node:fs/promises take six times as long for thousands of small files. Only what can wait for a slow
// volume is asynchronous.
const open = promisify(openByCallback);
const read = promisify(readByCallback);

/** What a worker reads into: one chunk, and before it what the chunk before left of a character. */
export type Scratch = Buffer;
export const makeScratch = (): Scratch => Buffer.allocUnsafeSlow(CHUNK);

export type Inspected = { bytes: number; checksum: string };

/**
 * Reads a file once, a chunk at a time: its size and sha256, and whether it is text that PostgreSQL can take. `onHead` gets
 * the first chunk. Throws invalid source for NUL bytes and invalid UTF-8 (with the line), for what can't be read, isn't
 * a file or is larger than LARGEST_FILE.
 */
export async function inspect(file: string, scratch: Scratch, onHead: (head: Buffer) => void): Promise<Inspected> {
  using opened = await openFile(file);
  const { fd, size } = opened;
  // Most migrations fit into one chunk, which needs no second read to know that it was the last.
  const small = size < scratch.length;
  const hasher = small ? null : createHash("sha256");
  let bytes = 0;
  let kept = 0;
  for (;;) {
    const end = await fill(fd, scratch, kept, small ? Math.max(size, 1) : scratch.length);
    const text = scratch.subarray(0, end);
    const isLast = small || end < scratch.length;
    const checked = isLast ? text : text.subarray(0, lastWhole(text));
    const bad = findBad(checked);
    if (bad !== null) throw await refuseBad(file, fd, bytes - kept + bad.offset, bad.nul);
    if (bytes === 0) onHead(checked);
    hasher?.update(text.subarray(kept));
    bytes += end - kept;
    if (isLast) return { bytes, checksum: hasher === null ? hash("sha256", text) : hasher.digest("hex") };
    kept = end - checked.length;
    text.copy(scratch, 0, checked.length);
  }
}

/** A whole file as a Buffer, and its sha256. The same refusals as `inspect` has for what can't be read. */
export async function readWhole(file: string): Promise<{ content: Buffer; checksum: string }> {
  using opened = await openFile(file);
  const content = Buffer.allocUnsafeSlow(opened.size);
  const end = await fill(opened.fd, content, 0, content.length);
  const whole = content.subarray(0, end);
  return { content: whole, checksum: hash("sha256", whole) };
}

/** Reads on from `start` until there are `enough` bytes or the file ends; where the text in the buffer ends now. */
async function fill(fd: number, buffer: Buffer, start: number, enough: number): Promise<number> {
  let end = start;
  while (end < enough) {
    const { bytesRead } = await read(fd, buffer, end, buffer.length - end, null);
    if (bytesRead === 0) break;
    end += bytesRead;
  }
  return end;
}

/** A small text file that isn't a migration, such as a journal. Refuses as `inspect` does. */
export async function readText(file: string): Promise<string> {
  await inspect(file, makeScratch(), () => {});
  return (await readWhole(file)).content.toString("utf8");
}

/** Throws as `inspect` does where a content isn't text that PostgreSQL can take. */
export function checkText(file: string, content: Buffer): void {
  const bad = findBad(content);
  if (bad !== null) throw refuseLine(file, countLines(content.subarray(0, bad.offset)), bad.nul);
}

async function openFile(file: string): Promise<{ fd: number; size: number } & Disposable> {
  // Without O_NONBLOCK a pipe in a file's place would wait for a writer.
  const fd = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    throw refuseUnreadable(file, error);
  });
  try {
    const stats = fstatSync(fd);
    if (stats.isDirectory()) throw refuseUnreadable(file, { code: "EISDIR" });
    if (!stats.isFile()) throw refuse({ file }, "is not a regular file", "Put a file in its place.");
    if (stats.size > LARGEST_FILE) {
      const hint = "Load that much data by COPY in a job of its own, or divide the migration.";
      throw refuse({ file }, `has ${stats.size} bytes; PostgreSQL takes at most 1 GB in one message`, hint);
    }
    return { fd, size: stats.size, [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

async function refuseBad(file: string, fd: number, offset: number, nul: boolean): Promise<Error> {
  const chunk = makeScratch();
  let line = 1;
  for (let at = 0; at < offset;) {
    const { bytesRead } = await read(fd, chunk, 0, Math.min(chunk.length, offset - at), at);
    if (bytesRead === 0) break;
    line += countLines(chunk.subarray(0, bytesRead)) - 1;
    at += bytesRead;
  }
  return refuseLine(file, line, nul);
}
