import { createHash } from "node:crypto";
import type { Migration } from "./migration.ts";

/**
 * `sha256:...` over names and checksums in order: equal for two folders exactly when they are the same migrations. Names
 * hold no control characters, so that no name can look like two.
 */
export function digestOf(migrations: readonly Pick<Migration, "name" | "checksum">[]): string {
  const hash = createHash("sha256");
  for (const { name, checksum } of migrations) hash.update(`${name}\0${checksum}\n`);
  return `sha256:${hash.digest("hex")}`;
}
