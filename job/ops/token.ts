import { readFile } from "node:fs/promises";
import { TOKEN_MIN_LENGTH } from "../../contract/ops-answer.ts";
import { invalidInput } from "../failure.ts";

/**
 * Where the token comes from. A given one that is too short is refused at once; a file is read for every request, so that a
 * mounted Secret can be rotated without a restart. A file that is absent, empty or too short counts as no token: closed.
 */
export function tokenSource(given: {
  token: string | undefined;
  file: string | undefined;
}): () => Promise<string | null> {
  const { token, file } = given;
  if (token !== undefined) {
    if (!isLongEnough(token)) {
      throw invalidInput(`OPS_MIGRATION_TOKEN is shorter than ${TOKEN_MIN_LENGTH} characters, or has spaces in it`, {
        hint: "Make one with: openssl rand -hex 32",
      });
    }
    return async () => token;
  }
  if (file === undefined) return async () => null;
  return async () => {
    const text = await readFile(file, "utf8").catch(() => "");
    return isLongEnough(text.trim()) ? text.trim() : null;
  };
}

const isLongEnough = (token: string): boolean => token.length >= TOKEN_MIN_LENGTH && !/\s/.test(token);
