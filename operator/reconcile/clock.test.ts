import { expect, test } from "vitest";
import { world } from "./world.fixture.ts";

const HOUR = 3_600_000;
const LOCKED = { outcome: "LOCK_TIMEOUT", exitCode: 10, pendingCount: 1 } as const;
const retry = { backoff: "10s" };

test.each([
  ["an hour ahead", HOUR],
  ["an hour behind", -HOUR],
  ["right", 0],
])("a node's clock that is %s changes nothing about the pause before a retry", (_what, offMs) => {
  const web = world({ spec: { retry } });
  web.look();
  web.report(LOCKED, offMs);
  expect(web.look().again).toBe(10_000);
  web.pass(9_999);
  expect(web.look()).toMatchObject({ acts: [], again: 1 });
  web.pass(1);
  web.look();
  expect(web.created).toHaveLength(2);
});

test("a retry that an operator with another clock put off by an hour comes after one pause, and is counted once", () => {
  const web = world({ spec: { retry } });
  web.look();
  web.report(LOCKED);
  web.look();
  web.pass(-HOUR);
  expect(web.look().again).toBe(10_000);
  web.pass(4_000);
  expect(web.look().again).toBe(6_000);
  web.pass(6_000);
  web.look();
  expect(web.created).toHaveLength(2);
});

test("a retry that is due by the status alone comes at once, whoever wrote it", () => {
  const web = world({ spec: { retry } });
  web.look();
  web.report(LOCKED);
  web.look();
  web.pass(HOUR);
  web.look();
  expect(web.created).toHaveLength(2);
});
