import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chown, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export type PgBouncerOptions = {
  mode: "transaction" | "session" | "statement";
  /** Backends for each database. */
  poolSize?: number;
  /** Which idle backend a client gets: the one that was idle longest, or (off, the default) the one used last. */
  roundRobin?: boolean;
};

/** A real PgBouncer before one database, on 127.0.0.1 and a port of its own. */
export type PgBouncer = AsyncDisposable & {
  /** Of the same database and user, through it. */
  url: string;
};

const START_TIMEOUT_MS = 30_000;
const launcher = new URL("pgbouncer.sh", import.meta.url);

/**
 * Starts Debian's `pgbouncer`, which `make setup-tests` installs, before the database of `target`. It ends when
 * it's disposed, or by itself when this process ends, however that happens.
 */
export async function startPgBouncer(target: { url: string }, options: PgBouncerOptions): Promise<PgBouncer> {
  const user = await unprivileged();
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-pgbouncer-"));
  // A copy, because that user may not be able to read the checkout.
  const script = join(folder, "launcher.sh");
  await copyFile(launcher, script);
  if (user !== undefined) for (const path of [folder, script]) await chown(path, user.uid, user.gid);
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    const config = join(folder, "pgbouncer.ini");
    await writeFile(config, configOf(new URL(target.url), port, options), { mode: 0o600 });
    if (user !== undefined) await chown(config, user.uid, user.gid);
    // Debian has it where only root's PATH looks.
    const env = { PATH: `${process.env.PATH ?? ""}:/usr/sbin` };
    const child = spawn("sh", [script, config], { ...user, env, stdio: ["pipe", "ignore", "pipe"] });
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
    child.on("error", (error) => (log += error.message));
    if (await answers(child, port)) {
      const url = new URL(target.url);
      url.port = String(port);
      return { url: url.href, [Symbol.asyncDispose]: async () => await stop(child, folder) };
    }
    await end(child);
    if (tries < 5 && log.includes("Address already in use")) continue;
    await rm(folder, { recursive: true, force: true });
    throw new Error(`pgbouncer did not start:\n${log}`);
  }
}

function configOf(target: URL, port: number, { mode, poolSize = 5, roundRobin = false }: PgBouncerOptions): string {
  const name = target.pathname.slice(1);
  const database = {
    host: target.hostname,
    port: target.port,
    dbname: name,
    user: decodeURIComponent(target.username),
    password: decodeURIComponent(target.password),
  };
  const values = Object.entries(database).map(([key, value]) => `${key}='${value.replaceAll("'", "''")}'`);
  return `[databases]
${name} = ${values.join(" ")}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${poolSize}
server_round_robin = ${roundRobin ? 1 : 0}
max_client_conn = 200
log_connections = 0
log_disconnections = 0
`;
}

/** PgBouncer refuses to run as root, as Postgres does. */
async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const entry = (await readFile("/etc/passwd", "utf8")).split("\n").find((line) => line.startsWith("nobody:"));
  const [, , uid, gid] = entry?.split(":") ?? [];
  if (uid === undefined || gid === undefined) throw new Error("As root, PgBouncer needs the user nobody.");
  return { uid: Number(uid), gid: Number(gid) };
}

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, "close");
  return port;
}

/** True once it takes connections; false when it ended, or takes none in time. */
async function answers(child: ChildProcess, port: number): Promise<boolean> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!hasEnded(child) && performance.now() < deadline) {
    const socket = connect(port, "127.0.0.1");
    const open = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return !hasEnded(child);
    await sleep(20);
  }
  return false;
}

const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, "exit");
  // At once, with whatever clients there are.
  child.kill("SIGTERM");
  await exit;
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  await end(child);
  await rm(folder, { recursive: true, force: true });
}
