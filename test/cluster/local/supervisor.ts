/**
 * A program of its own: starts a node's components, each when what it needs is ready, and is their parent until the
 * end. For `full` it runs inside the node's namespaces. What it has to do comes on stdin (see plan.ts).
 */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { appendFileSync, closeSync, mkdirSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Component } from "./components.ts";
import { everything } from "./plan.ts";
import type { Event, Plan } from "./plan.ts";
import { untilReady } from "./ready.ts";

const children = new Set<ChildProcess>();

function report(plan: Plan, event: Omit<Event, "at">): void {
  appendFileSync(`${plan.folder}/events.jsonl`, `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
}

function endAll(code: number): never {
  // Nothing here is worth an orderly end: the data goes with the cluster.
  for (const child of children) child.kill("SIGKILL");
  process.exit(code);
}

/** Returns when it is ready, with the promise of its end. Throws, and ends it, if it isn't ready in time or ends before. */
async function start(plan: Plan, component: Component): Promise<{ end: Promise<string> }> {
  const { name, ready } = component;
  const log = openSync(`${plan.folder}/logs/${name}.log`, "a");
  const [program = "", ...args] = [...plan.wrapper, ...component.command];
  const child = spawn(program, args, { cwd: plan.folder, stdio: ["ignore", log, log] });
  closeSync(log);
  children.add(child);
  report(plan, { component: name, state: "starting", ...(child.pid === undefined ? {} : { pid: child.pid }) });
  const ended = Promise.withResolvers<string>();
  child.once("error", (error) => ended.resolve(error.message));
  child.once("exit", (code, signal) => ended.resolve(signal ?? `exit code ${code}`));
  const end = ended.promise.then((how) => {
    children.delete(child);
    report(plan, { component: name, state: "ended", detail: how });
    return how;
  });
  try {
    await untilReady(ready, end);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  report(plan, { component: name, state: "ready" });
  return { end };
}

/** A test may kill a component to see what others make of it: it comes back, as it would on a real node. */
async function keepUp(plan: Plan, component: Component, first: Promise<string>): Promise<never> {
  for (let end = first; ;) {
    await end;
    await sleep(500);
    const again = await start(plan, component).catch((error: unknown) => {
      report(plan, { component: component.name, state: "failed", detail: String(error) });
    });
    end = again?.end ?? Promise.resolve("");
  }
}

async function startAll(plan: Plan): Promise<void> {
  const started = new Map<string, PromiseWithResolvers<void>>();
  for (const { name } of plan.components) started.set(name, Promise.withResolvers());
  await Promise.all(
    plan.components.map(async (component) => {
      await Promise.all(component.needs.map(async (need) => await started.get(need)?.promise));
      try {
        const { end } = await start(plan, component);
        if (component.ready.kind !== "ended") void keepUp(plan, component, end);
      } catch (error) {
        report(plan, { component: component.name, state: "failed", detail: String(error) });
        endAll(1);
      }
      started.get(component.name)?.resolve();
    }),
  );
  report(plan, { component: everything, state: "ready" });
}

const lines = createInterface({ input: process.stdin });
process.once("SIGTERM", () => endAll(0));

let plan: Plan | undefined;
lines.once("line", (line) => {
  const given = JSON.parse(line) as Plan;
  plan = given;
  for (const [program = "", ...args] of given.setup) execFileSync(program, args, { stdio: ["ignore", 2, 2] });
  mkdirSync(`${given.folder}/logs`, { recursive: true });
  void startAll(given);
});
lines.once("close", () => {
  if (plan?.keep !== true) endAll(0);
});
