import { expect, test } from "vitest";
import { startNotice } from "./block.ts";
import { readStream } from "./stream.ts";

function streamOf(indexes: number[]) {
  const told: string[] = [];
  const stream = readStream(
    "n0nce",
    indexes,
    (k) => told.push(`start ${k}`),
    (k) => told.push(`commit ${k}`),
  );
  const feed = (...answers: string[]): void => {
    for (const answer of answers) {
      if (answer.startsWith("!")) stream.progress.onNotice(answer.slice(1));
      else stream.progress.onTag(answer);
    }
  };
  return { stream, told, feed };
}

const start = (index: number): string => `!${startNotice("n0nce", index)}`;

test("a block starts with its notice and is done with the COMMIT after it; statements between are counted", () => {
  const { stream, told, feed } = streamOf([4, 7]);
  feed("BEGIN", "SET", "COMMIT", "BEGIN", "SET", start(4), "DO", "CREATE TABLE", "INSERT 0 1", "COMMIT");
  feed("BEGIN", "SET", "COMMIT", "BEGIN", "SET", start(7), "DO", "SELECT 1");
  expect(told).toEqual(["start 0", "commit 0", "start 1"]);
  expect(stream.blocks).toEqual([
    { started: true, committed: true, statements: 2 },
    { started: true, committed: false, statements: 1 },
  ]);
});

test("the settings' own COMMIT before a notice commits no block", () => {
  const { stream, feed } = streamOf([1]);
  feed("BEGIN", "COMMIT", "BEGIN", "COMMIT");
  expect(stream.blocks).toEqual([{ started: false, committed: false, statements: -1 }]);
});

test("a notice that only looks like ours, or comes again, starts nothing", () => {
  const { told, feed } = streamOf([1, 2]);
  feed(`!${startNotice("other", 1)}`, `!${startNotice("n0nce", 3)}`, "!lockkeeper", start(1), start(1));
  expect(told).toEqual(["start 0"]);
});

test("a message is answered by its first tag, not by a notice", () => {
  const { stream, feed } = streamOf([1]);
  feed("!anything");
  expect(stream.answered()).toBe(false);
  feed("BEGIN");
  expect(stream.answered()).toBe(true);
});
