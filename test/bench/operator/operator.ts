/** The operator as the image runs it: the bundle, with the image's own flags, as a process of its own. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, readdirSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "./client.ts";
import { RUNNER } from "./resources.ts";

export type Program = { file: string; nodeFlags: string[]; env: Record<string, string> };

export type Operator = AsyncDisposable & {
  /** From its start to the first 200 of /readyz, ms. */
  readyMs: number;
  /** User and system time so far, ms. */
  cpuMs(): number;
  residentBytes(): number;
  /** The most that was resident since its start. */
  peakBytes(): number;
  /** Where the ops endpoint and /metrics are. */
  opsUrl(): string;
  /** Resolves when it holds the lease: from then on it works. */
  leads(): Promise<void>;
};

export type Start = { program: Program; kubeconfig: string; namespace: string; scratch: string };

const PATIENCE_MS = 30_000;
let starts = 0;
let lastFile = "";

/** Starts it and returns when it is ready. The end of the scope stops it. */
export async function startOperator({ program, kubeconfig, namespace, scratch }: Start): Promise<Operator> {
  starts++;
  // A file costs it less than a pipe that this process would have to read.
  const file = join(scratch, `operator-${starts}.log`);
  const fd = openSync(file, "w");
  lastFile = file;
  const env = {
    ...program.env,
    PATH: process.env["PATH"],
    NODE_ENV: "production",
    KUBECONFIG: kubeconfig,
    POD_NAMESPACE: namespace,
    POD_NAME: `operator-${starts}`,
    LOCKKEEPER_NAMESPACES: namespace,
    LOCKKEEPER_RUNNER_IMAGE: RUNNER.runnerImage,
    LOCKKEEPER_RUNNER_PULL_POLICY: RUNNER.runnerPullPolicy,
    LOCKKEEPER_HEALTH_PORT: "0",
    LOCKKEEPER_OPS_PORT: "0",
  };
  const begun = now();
  const child = spawn(process.execPath, [...program.nodeFlags, program.file], { env, stdio: ["ignore", fd, fd] });
  closeSync(fd);
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const log = (): string => readFileSync(file, "utf8");
  const until = async (what: string, holds: () => Promise<boolean> | boolean): Promise<void> => {
    for (const end = now() + PATIENCE_MS; !(await holds()); await sleep(5)) {
      const ended = child.exitCode !== null || child.signalCode !== null;
      if (!ended && now() < end) continue;
      child.kill("SIGKILL");
      throw new Error(`The operator ${ended ? "ended" : `isn't ${what} after ${PATIENCE_MS} ms`}:\n${tail(log())}`);
    }
  };

  let port = "";
  await until("listening", () => (port = /"port":(\d+)/.exec(log())?.[1] ?? "") !== "");
  await until("ready", async () => await answersWell(`http://127.0.0.1:${port}/readyz`));
  const readyMs = now() - begun;
  return {
    readyMs,
    cpuMs: () => cpuMsOf(child.pid ?? 0),
    residentBytes: () => bytesOf(child.pid ?? 0, "VmRSS"),
    peakBytes: () => bytesOf(child.pid ?? 0, "VmHWM"),
    opsUrl: () => `http://127.0.0.1:${/"port":(\d+),"endpoint"/.exec(log())?.[1]}`,
    leads: async () =>
      await until("leading", async () => /leading, for/.test(await bodyOf(`http://127.0.0.1:${port}/healthz`))),
    async [Symbol.asyncDispose]() {
      process.off("exit", kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const late = setTimeout(kill, 12_000);
      await once(child, "exit");
      clearTimeout(late);
    },
  };
}

/** In nanoseconds of each thread: /proc/PID/stat counts by 10 ms. */
function cpuMsOf(pid: number): number {
  const threads = `/proc/${pid}/task`;
  const ns = readdirSync(threads).map((thread) =>
    Number(readFileSync(`${threads}/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return ns.reduce((sum, each) => sum + each, 0) / 1e6;
}

function bytesOf(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * 1_024;
}

async function bodyOf(url: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  get(url, { agent: false }, (answer) => {
    let body = answer.statusCode === 200 ? "" : `${answer.statusCode} `;
    answer.setEncoding("utf8").on("data", (part: string) => (body += part));
    answer.on("end", () => resolve(body));
  }).on("error", (error) => resolve(`0 ${error.message}`));
  return await promise;
}

const answersWell = async (url: string): Promise<boolean> => !/^\d+ /.test(await bodyOf(url));

/** What the operator that was started last has said at the end. */
export const lastLog = (): string => (lastFile === "" ? "" : tail(readFileSync(lastFile, "utf8")));

const tail = (text: string): string => text.trimEnd().split("\n").slice(-20).join("\n");
