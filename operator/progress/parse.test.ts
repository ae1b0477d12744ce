import { expect, test } from "vitest";
import { parseLine } from "./parse.ts";

const RUN = "0193a0b0-0000-7000-8000-000000000000";
const head = `{"level":"info","time":"2026-03-01T12:00:00.000Z","runId":"${RUN}"`;
const migrating = (rest: string): string => `${head},"event":"migrating",${rest},"msg":"migration started"}`;

test("a line of the run's log is read", () => {
  expect(parseLine(migrating(`"migration":"0007_add_sets","index":3,"total":12`), RUN)).toEqual({
    event: "migrating",
    runId: RUN,
    time: Date.UTC(2026, 2, 1, 12),
    migration: "0007_add_sets",
    index: 3,
    total: 12,
  });
});

test.each([
  ["nothing", ""],
  ["what an application prints", "Migrating 3 of 12"],
  ["another program's JSON", `{"event":"migrating","migration":"a","index":1,"total":1}`],
  ["half a line", `${head},"event":"migrating","migration":"0007`],
  ["an event that tells of no progress", `${head},"event":"warning","code":"A","message":"b"}`],
  ["an event that isn't one", `${head},"event":"constructor"}`],
  ["a step without its number", migrating(`"migration":"a","total":12`)],
  ["a number that isn't one", migrating(`"migration":"a","index":1e99,"total":12`)],
  ["a name that isn't one", migrating(`"migration":{"a":1},"index":1,"total":12`)],
  ["a time that isn't one", migrating(`"migration":"a","index":1,"total":1`).replace("2026-03-01", "2026-13-01")],
  ["another run's line", migrating(`"migration":"a","index":1,"total":1`).replace(RUN, RUN.replace("0193", "0194"))],
  [
    "a line that names two runs",
    migrating(`"migration":"a","index":1,"total":1,"runId":"0194a0b0-0000-7000-8000-000000000000"`),
  ],
])("%s is no progress", (_name, line) => {
  expect(parseLine(line, RUN)).toBeNull();
});

test("texts are cut and have no control characters", () => {
  const name = JSON.stringify(`\u001B[31m\u202E\n${"😀".repeat(300)}`);
  const event = parseLine(migrating(`"migration":${name},"index":1,"total":1`), RUN);
  const { migration } = event as { migration: string };
  expect(migration.length).toBeLessThanOrEqual(255);
  expect(migration).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(migration.isWellFormed()).toBe(true);
  expect(migration).toMatch(/😀.?…$/u);
});
