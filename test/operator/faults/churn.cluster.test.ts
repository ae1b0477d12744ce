/** A day of churn in a minute: what the operator holds afterwards is what it held before. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { startOperator } from "../operator-process.ts";
import type { OperatorProcess } from "../operator-process.ts";
import { startFakeApi } from "./fake-api.ts";
import type { FakeApi } from "./fake-api.ts";
import { until } from "./stage.ts";

const STANDING = 50;
const AT_ONCE = 32;
const preload = fileURLToPath(new URL("figures.ts", import.meta.url));

type Figures = { heap: number; counts: Record<string, number> };

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

/** What it holds when all is quiet: idle connections end after 30 s, and events come behind the work. */
async function figures(operator: OperatorProcess): Promise<Figures> {
  const ask = async (): Promise<Figures> => {
    const before = operator.lines.length;
    operator.child.kill("SIGUSR2");
    const found = () => operator.lines.slice(before).find(({ msg }) => msg === "figures");
    await until("it tells its figures", () => found() !== undefined);
    return found() as unknown as Figures;
  };
  let last = await ask();
  for (let same = 0; same < 4; await sleep(1_000)) {
    const next = await ask();
    same =
      JSON.stringify(next.counts) === JSON.stringify(last.counts) && Math.abs(next.heap / last.heap - 1) < 0.01
        ? same + 1
        : 0;
    last = next;
  }
  return last;
}

test("after 50,000 events it holds no more memory, sockets and timers than after 10,000", async () => {
  await using api = await startFakeApi();
  const ready = new Set<string>();
  api.onReady = (name) => void ready.add(name);
  for (let count = 0; count < STANDING; count++) api.create(`standing-${count}`);
  const env = { NODE_OPTIONS: `--import=${preload}` };
  await using operator = await startOperator({ kubeconfig: api.kubeconfig, namespace: "lockkeeper", env });
  await until("those that stay are ready", () => ready.size === STANDING);

  await churn(api, 10_000);
  const early = await figures(operator);
  await churn(api, 50_000);
  const late = await figures(operator);
  console.log(`heap after 10,000 events: ${early.heap}, after 50,000: ${late.heap}`);
  expect(late.heap / early.heap).toBeLessThan(1.05);
  expect(late.counts).toEqual(early.counts);
  expect(operator.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
}, 300_000);
