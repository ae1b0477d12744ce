/** The operator as a process of its own: with the rights of the account that its kubeconfig names. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { COMPILE_CACHE } from "../compile-cache.ts";
import { programOf } from "../programs.ts";

const PATIENCE_MS = 30_000;
/** It promises to stop within 10 s. */
const STOP_MS = 12_000;

export type OperatorOptions = {
  /** Of `installOperator`. */
  kubeconfig: string;
  /** Where it runs, and has its lease. */
  namespace: string;
  /** What it watches; none: every namespace. */
  watch?: string[];
  /** Its pod's name, by which replicas differ. */
  pod?: string;
  runnerImage?: string;
  /** More of its environment, or other than above. */
  env?: Record<string, string>;
  /** A bundle of the test's own. */
  program?: string;
  /** Return at once, without waiting for /readyz. */
  wait?: boolean;
  /** Lines that may tell of a 403: of a test that takes a right away, or sets a quota. */
  forbidden?: RegExp;
};

export type LogLine = { level?: string; msg?: string; [key: string]: unknown };

export type OperatorProcess = AsyncDisposable & {
  child: ChildProcess;
  /** What it has logged so far: JSON, or `msg` alone where a line is none. */
  lines: LogLine[];
  /** Of its health server, like http://127.0.0.1:1234. */
  url(): Promise<string>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** The first line, past or to come, that fits. Throws when it ends before or 30 s are over. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>;
  /** Ends it, and gives how it ended. Throws if it was told to by SIGTERM and doesn't in 12 s: then it is killed. */
  stop(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
};

/** Starts it and returns when it is ready. The end of the scope stops it, and throws if the API server refused it a right. */
export async function startOperator(options: OperatorOptions): Promise<OperatorProcess> {
  const { program = programOf("lockkeeper-operator"), wait = true, forbidden } = options;
  const child = spawn(process.execPath, [program], { env: environment(options), stdio: ["ignore", "pipe", "pipe"] });
  const lines: LogLine[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (text) => lines.push(parse(text)));
  }
  const ended = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;

  const line: OperatorProcess["line"] = async (fits) => {
    for (const until = Date.now() + PATIENCE_MS; ; await sleep(20)) {
      const found = lines.find(fits);
      if (found !== undefined) return found;
      if (hasEnded()) throw new Error(`The operator ended:\n${tail(lines)}`);
      if (Date.now() > until) throw new Error(`The operator doesn't log what is waited for:\n${tail(lines)}`);
    }
  };
  const url = async (): Promise<string> => {
    const { port } = await line((each) => typeof each["port"] === "number");
    return `http://127.0.0.1:${String(port)}`;
  };
  const stop: OperatorProcess["stop"] = async (signal = "SIGTERM") => {
    child.kill(signal);
    const timer = new AbortController();
    const late = sleep(STOP_MS, true, { signal: timer.signal }).catch(() => false);
    const isLate = (await Promise.race([ended, late])) === true;
    timer.abort();
    if (!isLate) return await ended;
    child.kill("SIGKILL");
    await ended;
    throw new Error(`The operator doesn't stop by ${signal} in ${STOP_MS} ms:\n${tail(lines)}`);
  };

  const operator = {
    ...{ child, lines, url, ended, line, stop },
    async [Symbol.asyncDispose]() {
      if (!hasEnded()) await stop();
      const refused = lines.filter((each) => isForbidden(each) && forbidden?.test(JSON.stringify(each)) !== true);
      if (refused.length > 0) throw new Error(`The operator lacks a right:\n${tail(refused)}`);
    },
  };
  if (!wait) return operator;
  try {
    await ready(await url());
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`The operator doesn't become ready:\n${tail(lines)}`, { cause: error });
  }
  return operator;
}

function environment(options: OperatorOptions): Record<string, string> {
  const { kubeconfig, namespace, watch = [], pod = "operator-0", runnerImage = "localhost/lockkeeper:test" } = options;
  return {
    PATH: process.env["PATH"] ?? "",
    ...COMPILE_CACHE,
    KUBECONFIG: kubeconfig,
    POD_NAMESPACE: namespace,
    POD_NAME: pod,
    LOCKKEEPER_NAMESPACES: watch.join(","),
    LOCKKEEPER_RUNNER_IMAGE: runnerImage,
    LOCKKEEPER_HEALTH_PORT: "0",
    LOCKKEEPER_OPS_PORT: "0",
    ...options.env,
  };
}

async function ready(url: string): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; ; await sleep(20)) {
    const response = await fetch(`${url}/readyz`).catch(() => null);
    const text = await response?.text();
    if (response?.ok === true) return;
    if (Date.now() > until) throw new Error(`/readyz answers ${response?.status ?? "nothing"}: ${text ?? ""}`);
  }
}

function parse(text: string): LogLine {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as LogLine) : { msg: text };
  } catch {
    return { msg: text };
  }
}

/** The API server's 403, as an error's status or in its words. */
const isForbidden = (line: LogLine): boolean => /"status":403|is forbidden:|"Forbidden"/.test(JSON.stringify(line));

const tail = (lines: LogLine[]): string =>
  lines
    .slice(-30)
    .map((line) => JSON.stringify(line))
    .join("\n");
