import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Component } from "./components.ts";
import type { Plan } from "./plan.ts";
import { isAlive, kill } from "./processes.ts";
import { carryOut, readEvents, startSupervisor, type Started } from "./start.ts";

let folder: string;
let supervisor: Started;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lockkeeper-supervisor-"));
  supervisor = await startSupervisor("unit", "node", folder, false);
});

afterEach(async () => {
  kill(supervisor.process, "SIGTERM");
  await vi.waitUntil(() => !isAlive(supervisor.process), 10_000);
  await rm(folder, { recursive: true });
});

function step(name: string, script: string, ...needs: string[]): Component {
  return { name, needs, ready: { kind: "ended" }, command: ["sh", "-c", script] };
}

const plan = (...components: Component[]): Plan => ({ folder, keep: false, setup: [], wrapper: [], components });

test("a component starts when what it needs is ready", async () => {
  await carryOut(
    supervisor,
    plan(step("third", "true", "second"), step("second", "true", "first"), step("first", "true")),
  );
  const told = readEvents(folder).filter(({ state }) => state === "starting" || state === "ready");
  expect(told.map(({ component, state }) => `${component} ${state}`)).toEqual([
    ...["first starting", "first ready", "second starting", "second ready", "third starting", "third ready", "* ready"],
  ]);
});

test("the error of a failed start has the component's last words", async () => {
  const work = carryOut(
    supervisor,
    plan(step("broken", "echo the reason >&2; exit 3"), step("later", "true", "broken")),
  );
  await expect(work).rejects.toThrow(/node: broken Error: ended before it was ready: exit code 3[^]*the reason/);
  expect(readEvents(folder).map(({ component }) => component)).not.toContain("later");
});

test("a program that isn't there is named", async () => {
  const missing: Component = { ...step("missing", ""), command: [join(folder, "no-such-program")] };
  await expect(carryOut(supervisor, plan(missing))).rejects.toThrow(/no-such-program ENOENT/);
});

test("a set-up that fails ends the supervisor, and its words are in the error", async () => {
  const failing = { ...plan(), setup: [["sh", "-c", "echo no such link >&2; exit 1"]] };
  await expect(carryOut(supervisor, failing)).rejects.toThrow(/the supervisor ended[^]*no such link/);
});

test("the supervisor ends when its harness does", async () => {
  await carryOut(supervisor, plan(step("only", "true")));
  expect(isAlive(supervisor.process)).toBe(true);
  supervisor.child.stdin?.destroy();
  await expect.poll(() => isAlive(supervisor.process), { timeout: 10_000 }).toBe(false);
});

test("a component that is killed comes back", async () => {
  const socket = join(folder, "socket");
  const code = `require("fs").rmSync(${JSON.stringify(socket)}, { force: true });
    require("net").createServer().listen(${JSON.stringify(socket)});`;
  const command = [process.execPath, "--eval", code];
  await carryOut(supervisor, plan({ name: "server", needs: [], ready: { kind: "listens", socket }, command }));
  const states = () => readEvents(folder).flatMap(({ component, state }) => (component === "server" ? [state] : []));
  const pid = readEvents(folder).find((event) => event.component === "server")?.pid ?? 0;
  process.kill(pid, "SIGKILL");
  const expected = ["starting", "ready", "ended", "starting", "ready"];
  await expect.poll(states, { timeout: 10_000 }).toEqual(expected);
});
