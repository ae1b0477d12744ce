import { createHash } from "node:crypto";
import type { Migration, Source, SourceFormat } from "../source/migration.ts";
import type { HistoryRow } from "./history.ts";

/** Builders for the tests of histories and plans. */
export const checksum = (text: string): string => createHash("sha256").update(text).digest("hex");

export function migration(name: string, given: Partial<Migration> = {}): Migration {
  const file = `/app/migrations/${name}.sql`;
  return {
    name,
    kind: "sql",
    file,
    bytes: 10,
    plain: true,
    checksum: checksum(name),
    when: null,
    downFile: null,
    ...given,
  };
}

/** An entry of a drizzle 0.x journal. */
export const entry = (name: string, when: number, given: Partial<Migration> = {}): Migration =>
  migration(name, { when, ...given });

/** A folder of drizzle 1.0: its name begins with the time. */
export function folder(name: string, given: Partial<Migration> = {}): Migration {
  const [, date, hours, minutes, seconds] = /^(\d{8})(\d\d)(\d\d)(\d\d)/.exec(name) ?? [];
  const day = String(date).replace(/(....)(..)(..)/, "$1-$2-$3");
  const when = Date.parse(`${day}T${hours}:${minutes}:${seconds}Z`);
  return migration(name, { when, file: `/app/drizzle/${name}/migration.sql`, ...given });
}

export const source = (migrations: Migration[], format: SourceFormat = "sql"): Source => ({
  format,
  dir: format === "drizzle" ? "/app/drizzle" : "/app/migrations",
  migrations,
  digest: `sha256:${checksum(migrations.map(({ name }) => name).join())}`,
  warnings: [],
});

export const row = (name: string, given: Partial<HistoryRow> = {}): HistoryRow => ({
  name,
  checksum: checksum(name),
  when: null,
  runId: null,
  appliedAt: null,
  ...given,
});
