import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { openSqueeze } from "./squeeze.ts";

const parts = (text: string, times: number): Buffer[] => Array.from({ length: times }, () => Buffer.from(text));

test("what is compressed is the parts as one, whatever was compressed before", async () => {
  const squeeze = openSqueeze(fakeClock());
  for (const [text, times] of [
    ["long ", 100_000],
    ["short ", 3],
    ["longer than that ", 100_000],
    ["", 1],
  ] as const) {
    expect(gunzipSync(await squeeze(parts(text, times))).toString()).toBe(text.repeat(times));
  }
});

test("two at a time don't write over one another", async () => {
  const clock = fakeClock();
  const squeeze = openSqueeze(clock);
  await squeeze(parts("before ", 50_000));
  const both = await Promise.all([squeeze(parts("one ", 50_000)), squeeze(parts("two ", 50_000))]);
  expect(both.map((bytes) => gunzipSync(bytes).toString())).toEqual(["one ".repeat(50_000), "two ".repeat(50_000)]);
  await clock.pass(10_000);
  expect(gunzipSync(await squeeze(parts("after ", 5))).toString()).toBe("after ".repeat(5));
});
