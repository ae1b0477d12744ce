import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkout } from "./package-process.ts";

const folder = (release: 1 | 2) => join(checkout, `examples/workoutlog/releases/${release}/drizzle`);
const sqlFiles = async (release: 1 | 2) =>
  (await readdir(folder(release))).filter((name) => name.endsWith(".sql")).toSorted();

test("WorkoutLog's second release has the first one's 11 migrations, byte for byte, and two more", async () => {
  const [first, second] = [await sqlFiles(1), await sqlFiles(2)];
  expect(first).toHaveLength(11);
  expect(first.at(-1)).toBe("0010_solid_watchtower.sql");
  expect(second.slice(0, 11)).toEqual(first);
  expect(second).toHaveLength(13);
  for (const name of first) {
    expect(await readFile(join(folder(2), name))).toEqual(await readFile(join(folder(1), name)));
  }
});

test("WorkoutLog's journals name every file, and the second one begins with the first", async () => {
  const [first, second] = [await journal(1), await journal(2)];
  expect(second.slice(0, 11)).toEqual(first);
  for (const release of [1, 2] as const) {
    const named = (await journal(release)).map(({ tag }) => `${tag}.sql`);
    expect(named).toEqual(await sqlFiles(release));
  }
});

async function journal(release: 1 | 2): Promise<{ tag: string }[]> {
  return JSON.parse(await readFile(join(folder(release), "meta/_journal.json"), "utf8")).entries;
}
