import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFile, chown, mkdir, mkdtemp, open, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { binaries } from "./binaries.ts";

export type ServerOptions = {
  /** The major version: 14 and 18; 15 to 17 where the matrix's package is installed. */
  version: number;
  /** Off by default: tests lose nothing by a crash of the machine. Benchmarks want it on. */
  fsync?: boolean;
  /** Lines of postgresql.conf. */
  settings?: Record<string, string | number | boolean>;
  /** Where the data goes, for example a small file system. The folder must be new or empty; it is removed at the end. */
  dataDir?: string;
  /** An address of this machine to listen on besides 127.0.0.1: where a cluster's pods look for a database. */
  address?: string;
};

/** How to end a server: wait for clients, roll them back, or leave without a checkpoint. */
export type StopMode = "smart" | "fast" | "immediate";

/** A real Postgres server of a test's own, on 127.0.0.1. */
export type Server = AsyncDisposable & {
  /** Of the superuser `postgres`, with its password, to the database `postgres`. */
  url: string;
  port: number;
  version: number;
  dataDir: string;
  /** The unix socket's folder. */
  socketDir: string;
  /** What the server logged, in all its lives. */
  logFile: string;
  /** Stops it and waits until it's gone. The data stays. */
  stop(mode?: StopMode): Promise<void>;
  /** Starts it again, on the same port and data, and waits until it takes connections. */
  start(): Promise<void>;
  /** Ends all its processes as a power cut would, in the middle of whatever they do. */
  kill(): Promise<void>;
};

const stopSignals = { smart: "SIGTERM", fast: "SIGINT", immediate: "SIGQUIT" } satisfies Record<StopMode, string>;
const startTimeoutMs = 60_000;
/** Of every address: it listens only on its own. */
const ANYBODY_WITH_PASSWORD = "host all all 0.0.0.0/0 scram-sha-256\n";

/**
 * Starts a new, empty server and resolves when it takes connections. It ends when it's disposed, or by itself when this
 * process ends, however that happens.
 *
 * @throws with the server's log if it doesn't start
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const user = await serverUser();
  const programs = await binaries(options.version, user !== undefined);
  const folder = await realpath(await mkdtemp(join(tmpdir(), "lockkeeper-postgres-")));
  const dataDir = options.dataDir ?? join(folder, "data");
  const logFile = join(folder, "log");
  const password = randomBytes(12).toString("hex");
  await mkdir(dataDir, { recursive: true });
  const watchdog = startWatchdog(await realpath(dataDir), folder);
  let postmaster: ChildProcess | undefined;

  const run = async (port: number): Promise<void> => {
    const log = await open(logFile, "a");
    const { size } = await log.stat();
    const addresses = ["127.0.0.1", ...(options.address === undefined ? [] : [options.address])].join(",");
    const args = ["-D", dataDir, "-p", String(port), "-h", addresses, "-k", folder];
    postmaster = spawn(programs.postgres, args, { stdio: ["ignore", log.fd, log.fd], detached: true, ...user });
    postmaster.unref();
    await log.close();
    await ready(postmaster, dataDir, async () => (await readFile(logFile, "utf8")).slice(size));
  };
  const end = async (signal: NodeJS.Signals, first: () => Promise<void>): Promise<void> => {
    const child = postmaster;
    postmaster = undefined;
    if (child === undefined || hasEnded(child)) return;
    child.ref();
    const exit = once(child, "exit");
    await first();
    child.kill(signal);
    await exit;
  };
  const stop = (mode: StopMode = "fast") => end(stopSignals[mode] as NodeJS.Signals, async () => {});
  const remove = async (): Promise<void> => {
    await stop("immediate");
    await rm(dataDir, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
    watchdog.stdin?.end();
  };

  try {
    for (const path of [folder, dataDir]) if (user) await chown(path, user.uid, user.gid);
    await writeFile(join(folder, "password"), password);
    await initialize(programs.initdb, dataDir, join(folder, "password"), user);
    await appendFile(join(dataDir, "postgresql.conf"), settings(options));
    if (options.address !== undefined) await appendFile(join(dataDir, "pg_hba.conf"), ANYBODY_WITH_PASSWORD);
    const port = await runOnFreePort(run);
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
      port,
      version: options.version,
      dataDir,
      socketDir: folder,
      logFile,
      stop,
      start: () => runAgain(() => run(port)),
      kill: async () => {
        const pid = postmaster?.pid;
        // Without their parent the others would end too, but not before the statement that they are in.
        await end("SIGKILL", async () => killAll(pid === undefined ? [] : await children(pid)));
      },
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Postgres refuses to run as root: then it runs as `nobody`, a user that every system has. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const entry = (await readFile("/etc/passwd", "utf8")).split("\n").find((line) => line.startsWith("nobody:"));
  const [, , uid, gid] = entry?.split(":") ?? [];
  if (uid === undefined || gid === undefined) throw new Error("As root, the test server needs the user nobody.");
  return { uid: Number(uid), gid: Number(gid) };
}

async function initialize(
  initdb: string,
  dataDir: string,
  passwordFile: string,
  user: { uid: number; gid: number } | undefined,
): Promise<void> {
  const args = ["-D", dataDir, "-U", "postgres", "--pwfile", passwordFile, "--auth", "scram-sha-256", "--no-sync"];
  if (user) await chown(passwordFile, user.uid, user.gid);
  const child = spawn(initdb, [...args, "--encoding", "UTF8", "--locale", "C"], {
    stdio: ["ignore", "ignore", "pipe"],
    ...user,
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  await rm(passwordFile);
  if (code !== 0) throw new Error(`initdb failed: ${stderr}`);
}

function settings({ fsync = false, settings: own = {} }: ServerOptions): string {
  const all = { max_connections: 200, max_prepared_transactions: 20, fsync, full_page_writes: fsync, ...own };
  return Object.entries(all)
    .map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'\n`)
    .join("");
}

/** After a power cut the last of the old processes may still be on its way out. */
async function runAgain(run: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (performance.now() > deadline || !String(error).includes("is still in use")) throw error;
      await sleep(50);
    }
  }
}

/** A port that is free now may be taken a moment later: then another one is tried. */
async function runOnFreePort(run: (port: number) => Promise<void>): Promise<number> {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      await run(port);
      return port;
    } catch (error) {
      if (tries === 5 || !String(error).includes("Address already in use")) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}

/** As pg_ctl does: the eighth line of postmaster.pid tells when the server takes connections. */
async function ready(postmaster: ChildProcess, dataDir: string, log: () => Promise<string>): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    const lines = (await readFile(join(dataDir, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
    if (lines[0] === String(postmaster.pid) && ["ready", "standby"].includes(lines[7]?.trim() ?? "")) return;
    if (hasEnded(postmaster) || performance.now() > deadline) {
      postmaster.kill("SIGQUIT");
      throw new Error(`Postgres did not start:\n${(await log()).slice(-2_000)}`);
    }
    await sleep(20);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

async function children(pid: number): Promise<number[]> {
  const list = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return list.split(" ").filter(Boolean).map(Number);
}

function killAll(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** In a session of its own, so that an interrupt from the keyboard, meant for the tests, doesn't end it as well. */
function startWatchdog(dataDir: string, folder: string): ChildProcess {
  const script = fileURLToPath(new URL("watchdog.sh", import.meta.url));
  const child = spawn("sh", [script, dataDir, folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}
