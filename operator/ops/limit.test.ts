import { expect, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { openLimit } from "./limit.ts";

const setUp = () => {
  const clock = fakeClock();
  const limit = openLimit(clock);
  /** How many of so many requests got in; each with a wrong token, or the right one. */
  const ask = (address: string, times: number, token: "right" | "wrong"): number => {
    let passed = 0;
    for (let time = 0; time < times; time++) {
      if (limit.ask(address) > 0) continue;
      passed++;
      limit[token](address);
    }
    return passed;
  };
  return { clock, limit, ask };
};

test("with the right token six hundred at once get in, and then a hundred a second", async () => {
  const { clock, limit, ask } = setUp();
  expect(ask("10.0.0.1", 1_000, "right")).toBe(600);
  expect(limit.ask("10.0.0.1")).toBe(1);
  await clock.pass(2_000);
  expect(ask("10.0.0.1", 1_000, "right")).toBe(200);
});

test("of wrong ones six at once are looked at, and then one a second", async () => {
  const { clock, limit, ask } = setUp();
  expect(ask("10.0.0.1", 1_000, "wrong")).toBe(6);
  expect(limit.ask("10.0.0.1")).toBe(1);
  await clock.pass(10_000);
  expect(ask("10.0.0.1", 1_000, "wrong")).toBe(6);
  let passed = 0;
  for (let second = 0; second < 60; second++, await clock.pass(1_000)) passed += ask("10.0.0.1", 100, "wrong");
  expect(passed).toBeLessThanOrEqual(60);
});

test("another address isn't held up by them, whether it has given its token before or not", () => {
  const { ask } = setUp();
  ask("10.0.0.1", 1_000, "wrong");
  expect(ask("10.0.0.2", 10, "right")).toBe(10);
});

test("many addresses that guess are slowed together; who gave the right token lately isn't", async () => {
  const { clock, limit, ask } = setUp();
  ask("10.9.9.9", 1, "right");
  let passed = 0;
  for (let each = 0; each < 5_000; each++) passed += ask(`10.0.${each >> 8}.${each & 255}`, 2, "wrong");
  expect(passed).toBe(50);
  expect(limit.ask("10.1.1.1")).toBeGreaterThan(0);
  expect(ask("10.9.9.9", 10, "right")).toBe(10);
  await clock.pass(1_000);
  expect(limit.ask("10.1.1.1")).toBe(0);
});

test("who gave the right token long ago is as any other", async () => {
  const { clock, limit, ask } = setUp();
  ask("10.9.9.9", 1, "right");
  await clock.pass(600_000);
  for (let each = 0; each < 100; each++) ask(`10.0.0.${each}`, 1, "wrong");
  expect(limit.ask("10.9.9.9")).toBeGreaterThan(0);
});

test.each([
  ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"],
  ["2001:db8::1", "2001:DB8:0:0:1::1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["fe80::1%eth0", "fe80::2"],
])("%s and %s are one address", (first, second) => {
  const { ask, limit } = setUp();
  ask(first, 1_000, "wrong");
  expect(limit.ask(second)).toBeGreaterThan(0);
});

test("2001:db8:1:2::1 and 2001:db8:1:3::1 are two", () => {
  const { ask, limit } = setUp();
  ask("2001:db8:1:2::1", 1_000, "wrong");
  expect(limit.ask("2001:db8:1:3::1")).toBe(0);
});
