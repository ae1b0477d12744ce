import { readFile, stat } from "node:fs/promises";
import { TOKEN_MIN_LENGTH } from "../../contract/ops-answer.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

/** How often it is looked at, at most: a rotated Secret takes the kubelet a minute anyway. */
const LOOK_MS = 1_000;
/** A request's headers may have so many bytes in all. */
const LONGEST = 4_096;

type Tools = { clock: Pick<Clock, "now">; log: Pick<Log, "info" | "warn"> };
type Found = { token: string } | { why: string };

/**
 * The token that the file has at this moment, so that a mounted Secret can be rotated; null without a file, and while the
 * file can't be used: then nobody gets in, and the log says why, once.
 */
export function tokenFile(file: string | null, { clock, log }: Tools): () => Promise<string | null> {
  if (file === null) return async () => await Promise.resolve(null);
  let token: string | null = null;
  let said: string | null = null;
  let version = "";
  let lookedAt = -Infinity;
  let looking: Promise<void> | null = null;

  async function look(path: string): Promise<void> {
    const now = await versionOf(path);
    if (now !== version) {
      const found = await read(path);
      version = now;
      token = "token" in found ? found.token : null;
      const say = "token" in found ? "" : found.why;
      if (say !== said && say === "") log.info({ file: path }, "ops token is read");
      if (say !== said && say !== "") log.warn({ file: path, why: say }, "ops token can't be used: nobody gets in");
      said = say;
    }
    lookedAt = clock.now();
  }

  return async () => {
    if (clock.now() - lookedAt >= LOOK_MS) {
      looking ??= look(file).finally(() => (looking = null));
      await looking;
    }
    return token;
  };
}

/** Another one whenever the file is: a mounted Secret's is replaced as a whole. */
async function versionOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return [ino, size, mtimeMs, ctimeMs].join(" ");
  } catch (error) {
    return codeOf(error);
  }
}

async function read(file: string): Promise<Found> {
  try {
    const { size } = await stat(file);
    if (size > LONGEST) return { why: `it is longer than ${LONGEST} bytes` };
    const token = (await readFile(file, "utf8")).trim();
    if (token.length < TOKEN_MIN_LENGTH) return { why: `it is shorter than ${TOKEN_MIN_LENGTH} characters` };
    // What a header can't carry.
    return /^[\x21-\x7e]+$/.test(token) ? { token } : { why: "it has spaces or other than ASCII characters in it" };
  } catch (error) {
    return { why: `it can't be read: ${codeOf(error)}` };
  }
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "unknown";
