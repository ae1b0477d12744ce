/**
 * `npm run bench:dashboard [SECONDS]`: the fleet's page in Chromium with 1,000 resources that all change each second. What
 * counts is the page's longest task: from 50 ms on a person feels it. Exits with 1 if there was one. A task's time is that of
 * the clock, so nothing else may run meanwhile.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { cookieName, openSession } from "../../../operator/dashboard/session.ts";
import { openBrowser } from "../../dashboard/browser.ts";
import * as is from "../../dashboard/resources.ts";
import { served } from "../../dashboard/served.ts";

const RESOURCES = 1_000;
const AIM_MS = 50;
const seconds = Number(process.argv[2] ?? 30);

await using dashboard = await served();
await using browser = await openBrowser();
const token = dashboard.token ?? "";
const names = Array.from({ length: RESOURCES }, (_, index) => `web-${String(index).padStart(4, "0")}`);
let round = 0;
const change = (): void => {
  round++;
  for (const [index, name] of names.entries()) {
    const progress = `${(round % 9) + 1} of 9: 00${10 + (round % 90)}_step`;
    const status = (index + round) % 50 === 0 ? is.blocked(is.blockedBy(round)) : is.running(progress);
    dashboard.set(is.resource(`team-${index % 20}`, name, status));
  }
};
change();

const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
await page
  .context()
  .addCookies([{ name: cookieName(token), value: openSession(token, Date.now()), url: dashboard.url }]);
await page.addInitScript(() => {
  const seen = { tasks: [] as number[], frames: [] as number[], updates: 0 };
  Object.assign(globalThis, { seen });
  new PerformanceObserver((list) => seen.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
    type: "longtask",
    buffered: true,
  });
});
await page.goto(dashboard.url);
await page.locator(".rows .row").first().waitFor();
await sleep(3_000);
// The load is over: what is measured is living with it.
const atLoad = await page.evaluate(() => {
  const { seen } = globalThis as unknown as { seen: { tasks: number[]; updates: number } };
  new MutationObserver(() => void seen.updates++).observe(document.querySelector(".rows") ?? document.body, {
    ...{ characterData: true, childList: true, subtree: true },
  });
  return seen.tasks.splice(0);
});
const session = await page.context().newCDPSession(page);
// By the thread's own time: what others do on this machine isn't in it.
await session.send("Performance.enable", { timeDomain: "threadTicks" });
const workMs = async (): Promise<number> => {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN) * 1_000;
};
const before = await workMs();
for (const end = Date.now() + seconds * 1_000; Date.now() < end; await sleep(1_000)) {
  change();
  await page.mouse.wheel(0, 400);
}
const work = ((await workMs()) - before) / seconds;
const { tasks, updates } = await page.evaluate(
  () => (globalThis as unknown as { seen: { tasks: number[]; updates: number } }).seen,
);
await page.close();

const longest = (all: number[]): string =>
  all.length === 0 ? `none over ${AIM_MS} ms` : `${Math.round(Math.max(...all))} ms`;
console.log(`${RESOURCES} resources, all changed each second for ${seconds} s, one page, scrolled meanwhile`);
console.log(`times the list has changed: ${updates}`);
console.log(`the page's own work: ${Math.round(work)} ms a second`);
console.log(`tasks over ${AIM_MS} ms: ${tasks.length}; longest: ${longest(tasks)}`);
console.log(`while it loaded: ${atLoad.length}; longest: ${longest(atLoad)}`);
if (tasks.length > 0) process.exitCode = 1;
