import { expect, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { database } from "../postgres/database.ts";
import type { TestDatabase } from "../postgres/database.ts";
import { command, folder } from "./cli-process.ts";
import { runFiles } from "./run.ts";

const APPLIED = {
  "0001_a.sql": "create table a (id int);",
  "0003_c.sql": "create table c (id int);",
  "0005_e.sql": "create table e (id int);",
};

/** What the real command tells of these files on a database with all of APPLIED: as text and as JSON. */
async function statusOf(db: TestDatabase, files: Record<string, string>) {
  expect(await runFiles(db, APPLIED)).toMatchObject({ status: "SUCCESS" });
  await using source = await folder(files);
  const argv = ["status", "--dir", source.dir];
  const text = await command(argv, { DATABASE_URL: db.url });
  const json = await command([...argv, "--json"], { DATABASE_URL: db.url });
  expect(json.code).toBe(text.code);
  return { text, json: JSON.parse(json.stdout) as Record<string, unknown> };
}

test("status tells an applied migration that the folder lacks as missing, which is drift: exit 12", async () => {
  await using db = await database();
  const { "0003_c.sql": _, ...rest } = APPLIED;
  const { text, json } = await statusOf(db, rest);
  expect(text.code).toBe(EXIT.drift);
  expect(text.stdout).toMatch(/^missing +1: 0003_c$/m);
  expect(text.stdout).not.toMatch(/^(ahead|out of order|changed) /m);
  expect(text.stderr).toContain("1 applied migration is missing: 0003_c");
  expect(json).toMatchObject({
    version: "0005_e",
    applied: ["0001_a", "0005_e"],
    pending: [],
    drifted: [],
    missing: ["0003_c"],
    ahead: [],
    outOfOrder: [],
    error: { code: "DRIFT" },
  });
});

test("status tells what a newer release applied as ahead, which is no failure", async () => {
  await using db = await database();
  const { "0005_e.sql": _, ...rest } = APPLIED;
  const { text, json } = await statusOf(db, rest);
  expect(text).toMatchObject({ code: EXIT.done, stderr: "" });
  expect(text.stdout).toMatch(/^ahead +1: 0005_e$/m);
  expect(text.stdout).toMatch(/^version +0005_e$/m);
  expect(text.stdout).not.toMatch(/^(missing|out of order|changed) /m);
  expect(json).toMatchObject({
    version: "0005_e",
    applied: ["0001_a", "0003_c"],
    pending: [],
    missing: [],
    ahead: ["0005_e"],
    outOfOrder: [],
    error: null,
  });
});

test("status tells a pending migration before an applied one as out of order, which is no failure yet", async () => {
  await using db = await database();
  const { text, json } = await statusOf(db, { ...APPLIED, "0002_b.sql": "select 1;", "0006_f.sql": "select 1;" });
  expect(text).toMatchObject({ code: EXIT.done, stderr: "" });
  expect(text.stdout).toMatch(/^pending +2: 0002_b, 0006_f$/m);
  expect(text.stdout).toMatch(/^out of order +1: 0002_b$/m);
  expect(text.stdout).not.toMatch(/^(missing|ahead|changed) /m);
  expect(json).toMatchObject({
    version: "0005_e",
    pending: ["0002_b", "0006_f"],
    missing: [],
    ahead: [],
    outOfOrder: ["0002_b"],
    error: null,
  });
});
