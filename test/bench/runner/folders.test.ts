import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { drizzleHash, drizzleWhen, folders } from "./folders.ts";
import type { FolderKind } from "./folders.ts";
import { migrations } from "./migrations.ts";

const scratch = mkdtempSync(join(tmpdir(), "lockkeeper-folders-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const all = migrations(7);

test.each(Object.keys(folders) as FolderKind[])("every migration is in the %s form, whole", (kind) => {
  const dir = join(scratch, kind);
  folders[kind](dir, all);
  const text = readdirSync(dir)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => readFileSync(join(dir, name), "utf8"))
    .join("");
  let from = 0;
  for (const { sql } of all) {
    expect(text.indexOf(sql, from)).toBeGreaterThanOrEqual(from);
    from = text.indexOf(sql, from) + sql.length;
  }
});

test("the drizzle journal names the files in order, with the hashes and times that its migrator will record", () => {
  const dir = join(scratch, "journal");
  folders.drizzle(dir, all);
  const journal = JSON.parse(readFileSync(join(dir, "meta/_journal.json"), "utf8")) as {
    entries: { tag: string; when: number }[];
  };
  expect(journal.entries.map(({ tag, when }) => [tag, when])).toEqual(all.map((m) => [m.name, drizzleWhen(m)]));
  for (const migration of all) {
    const file = readFileSync(join(dir, `${migration.name}.sql`));
    expect(createHash("sha256").update(file).digest("hex")).toBe(drizzleHash(migration));
  }
});
