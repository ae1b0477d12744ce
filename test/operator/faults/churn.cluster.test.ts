/** A day of churn in a minute: what the operator holds afterwards is what it held before. */
import { expect, test } from "vitest";
import { startOperator } from "../operator-process.ts";
import { startFakeApi } from "./fake-api.ts";
import type { FakeApi } from "./fake-api.ts";
import { figuresOf, TELLS_FIGURES } from "./held.ts";
import { until } from "./stage.ts";

const STANDING = 50;
const AT_ONCE = 32;

/** Lives of resources, from their creation to their deletion, until the watches have told so many changes. */
async function churn(api: FakeApi, target: number): Promise<void> {
  let lives = 0;
  let count = 0;
  const begin = (): void => {
    if (api.events() >= target) return;
    lives++;
    api.create(`life-${target}-${++count}`);
  };
  api.onReady = (name) => {
    if (!name.startsWith("life-")) return;
    api.remove(name);
    lives--;
    begin();
  };
  for (let each = 0; each < AT_ONCE; each++) begin();
  await until(`${target} events`, () => lives === 0, { ms: 120_000, say: () => String(api.events()) });
}

test("after 50,000 events it holds no more memory, sockets and timers than after 10,000", async () => {
  await using api = await startFakeApi();
  const ready = new Set<string>();
  api.onReady = (name) => void ready.add(name);
  for (let count = 0; count < STANDING; count++) api.create(`standing-${count}`);
  await using operator = await startOperator({
    kubeconfig: api.kubeconfig,
    namespace: "lockkeeper",
    env: TELLS_FIGURES,
  });
  await until("those that stay are ready", () => ready.size === STANDING);

  await churn(api, 10_000);
  const early = await figuresOf(operator);
  await churn(api, 50_000);
  const late = await figuresOf(operator);
  console.log(`heap after 10,000 events: ${early.heap}, after 50,000: ${late.heap}`);
  expect(late.heap / early.heap).toBeLessThan(1.05);
  expect(late.counts).toEqual(early.counts);
  expect(operator.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
}, 300_000);
