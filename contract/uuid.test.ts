import { expect, test } from "vitest";
import { isUuid, uuidV7 } from "./uuid.ts";

test("a run id is a UUID of version 7 and the RFC's variant", () => {
  const id = uuidV7(new Date("2026-03-01T12:00:00.123Z"));
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(isUuid(id)).toBe(true);
});

test("a run id tells its time", () => {
  const at = new Date("2026-03-01T12:00:00.123Z");
  expect(Number.parseInt(uuidV7(at).replaceAll("-", "").slice(0, 12), 16)).toBe(at.getTime());
});

test("run ids sort as the times at which they were made", () => {
  const start = Date.parse("2026-03-01T12:00:00Z");
  const ids = [0, 1, 2, 255, 256, 65_536, 90_000_000, 400 * 86_400_000].map((ms) => uuidV7(new Date(start + ms)));
  expect(ids.toSorted()).toEqual(ids);
});

test("two run ids of one millisecond differ", () => {
  const at = new Date(0);
  expect(uuidV7(at)).not.toBe(uuidV7(at));
});

test.each(["", "0193", "0193a0b0-0000-7000-8000-00000000000", "0193a0b0-0000-7000-8000-00000000000g", "x".repeat(36)])(
  "%j is not a UUID",
  (text) => {
    expect(isUuid(text)).toBe(false);
  },
);
