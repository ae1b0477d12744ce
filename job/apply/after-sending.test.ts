import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { RunEvent } from "../event.ts";
import { afterSending } from "./after-sending.ts";

const warning = (message: string): RunEvent => ({ type: "warning", code: "SOURCE", message });

function told() {
  const messages: string[] = [];
  const events = afterSending((event) => void (event.type === "warning" && messages.push(event.message)));
  return { messages, ...events };
}

test("what is told later comes when the promises under way have done their work", async () => {
  const { messages, later } = told();
  later(warning("a"));
  await Promise.resolve();
  expect(messages).toEqual([]);
  await turn();
  expect(messages).toEqual(["a"]);
});

test("an event that is told at once comes behind those that wait, each once", async () => {
  const { messages, later, onEvent } = told();
  later(warning("a"));
  later(warning("b"));
  onEvent(warning("c"));
  expect(messages).toEqual(["a", "b", "c"]);
  await turn();
  expect(messages).toEqual(["a", "b", "c"]);
});

test("flush leaves nothing untold", () => {
  const { messages, later, flush } = told();
  later(warning("a"));
  flush();
  expect(messages).toEqual(["a"]);
});
