import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { fakeClock } from "../clock-fixture.ts";
import { openHold } from "./hold.ts";

const MEGABYTE = 1_048_576;

function setUp() {
  const clock = fakeClock();
  const hold = openHold(clock, 3 * MEGABYTE);
  const reader = () => {
    const outgoing = Object.assign(new EventEmitter(), { destroy: () => void outgoing.emit("close") });
    return outgoing as unknown as ServerResponse;
  };
  return { clock, hold, reader };
}

const body = (megabytes: number): Uint8Array => new Uint8Array(megabytes * MEGABYTE);

test("what is held is as much as the bodies are, however many read each", () => {
  const { hold, reader } = setUp();
  const large = body(2);
  for (let each = 0; each < 10; each++) expect(hold(large, reader())).toBe(true);
  expect(hold(body(2), reader())).toBe(false);
  expect(hold(body(1), reader())).toBe(true);
});

test("a body counts until its last reader has it", () => {
  const { hold, reader } = setUp();
  const large = body(3);
  const [first, second] = [reader(), reader()];
  hold(large, first);
  hold(large, second);
  first.emit("close");
  expect(hold(body(1), reader())).toBe(false);
  second.emit("close");
  expect(hold(body(3), reader())).toBe(true);
});

test("a reader that takes longer than 30 s is cut off", async () => {
  const { clock, hold, reader } = setUp();
  const slow = reader();
  let closed = false;
  slow.once("close", () => (closed = true));
  hold(body(3), slow);
  await clock.pass(29_999);
  expect(closed).toBe(false);
  await clock.pass(1);
  expect(closed).toBe(true);
  expect(hold(body(3), reader())).toBe(true);
  expect(clock.timers()).toBe(1);
});

test("a small body is no burden", () => {
  const { clock, hold, reader } = setUp();
  hold(body(3), reader());
  expect(hold(new Uint8Array(65_536), reader())).toBe(true);
  expect(clock.timers()).toBe(1);
});
