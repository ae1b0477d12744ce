import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { searchPath } from "../environment.ts";
import { say } from "../progress.ts";
import { lastLines } from "../run.ts";
import { everything } from "./plan.ts";
import type { Event, Plan } from "./plan.ts";
import { know, marker } from "./processes.ts";
import type { KnownProcess } from "./processes.ts";

/** A supervisor that waits for its plan. `folder` is the node's, as this process sees it. */
export type Started = { process: KnownProcess; child: ChildProcess; folder: string; name: string };

const supervisor = fileURLToPath(new URL("supervisor.ts", import.meta.url));

// The first process of a process namespace has to collect what its children leave: a shell does, Node doesn't.
const collect = ["sh", "-c", '"$@"; exit $?', "sh"];
// When this process ends, the kernel ends the first one inside, and with it all others, their mounts and links.
const isolate = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/** Starts the process that will run a node's components; `isolated`: in namespaces of its own, which needs root. */
export async function startSupervisor(
  cluster: string,
  name: string,
  folder: string,
  isolated: boolean,
): Promise<Started> {
  await mkdir(join(folder, "logs"), { recursive: true });
  const log = await open(join(folder, "logs", "supervisor.log"), "a");
  const [program, ...args] = [...(isolated ? [...isolate, ...collect] : []), process.execPath, supervisor];
  const child = spawn(program, args, {
    cwd: folder,
    detached: true,
    stdio: ["pipe", log.fd, log.fd],
    // A small environment: what the harness has in its own (of a test runner, say) is not the cluster's.
    env: { PATH: searchPath, HOME: folder, [marker]: cluster },
  });
  await log.close();
  child.on("error", () => {});
  child.stdin?.on("error", () => {});
  if (isolated) await untilApart(child);
  if (child.pid === undefined || child.exitCode !== null) throw failed(folder, `${program} doesn't start`);
  child.unref();
  return { process: know(child.pid), child, folder, name };
}

/** Hands over the plan and returns when every component is ready; says each on stderr. */
export async function carryOut({ child, folder, name }: Started, plan: Plan): Promise<void> {
  const line = `${JSON.stringify(plan)}\n`;
  if (plan.keep) child.stdin?.end(line);
  else child.stdin?.write(line);
  if (child.stdin !== null && "unref" in child.stdin) (child.stdin as unknown as { unref(): void }).unref();
  for (let told = 0; ; await sleep(50)) {
    const over = child.exitCode !== null || child.signalCode !== null;
    const events = readEvents(folder);
    for (const { component, state, detail } of events.slice(told)) {
      if (state === "failed") throw failed(folder, `${name}: ${component} ${detail ?? "failed"}`, component);
      if (state !== "ready") continue;
      if (component === everything) return;
      say(`${name}: ${component} is ready`);
    }
    told = events.length;
    if (over) throw failed(folder, `${name}: the supervisor ended`);
  }
}

/** What has happened to a node's components, oldest first. */
export function readEvents(folder: string): Event[] {
  const file = join(folder, "events.jsonl");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1); // after the last line's end: nothing, or half a line
  return lines.map((line) => JSON.parse(line) as Event);
}

/** Until then its number names the harness's own network. Gives up after 2 s: the caller sees that it ended. */
async function untilApart({ pid }: ChildProcess): Promise<void> {
  if (pid === undefined) return;
  for (let tries = 0; tries < 100 && existsSync(`/proc/${pid}/ns/net`); tries++) {
    if (readlinkSync(`/proc/${pid}/ns/net`) !== readlinkSync("/proc/self/ns/net")) return;
    await sleep(20);
  }
}

/** An error with the last lines of a component's log, in its text because the cluster's folder is removed. */
function failed(folder: string, what: string, component = "supervisor"): Error {
  const log = join(folder, "logs", `${component}.log`);
  const content = existsSync(log) ? lastLines(readFileSync(log, "utf8"), 20) : "(no log)";
  return new Error(`${what}\nThe last lines of ${component}'s log:\n${content}`);
}
