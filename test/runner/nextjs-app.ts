import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { answering, checkout, freePort, start, succeed, type Running } from "./package-process.ts";
import { installTarball } from "./package-tarball.ts";

const example = join(checkout, "examples/workoutlog");

/** A copy of WorkoutLog in a folder of its own, with the packed Lockkeeper, built. */
export async function buildApp(tarball: string): Promise<AsyncDisposable & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-workoutlog-"));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const generated = /^(node_modules|\.next|next-env\.d\.ts)(\/|$)/;
  try {
    await cp(example, folder, { recursive: true, filter: (path) => !generated.test(relative(example, path)) });
    await succeed("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: folder });
    await installTarball(folder, tarball);
    await succeed("npm", ["run", "build"], { cwd: folder });
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, [Symbol.asyncDispose]: remove };
}

export type App = Running & {
  /** Without a slash at its end. */
  url: string;
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; body: string }>;
};

/** Starts the built app. It may end by itself, or answer: `startApp` waits for neither. */
export async function startApp(folder: string, env: Record<string, string>): Promise<App> {
  const port = await freePort();
  const running = start("node", [".next/standalone/server.js"], {
    cwd: folder,
    env: { ...env, PORT: String(port), HOSTNAME: "127.0.0.1" },
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    ...running,
    url,
    async get(path, headers = {}) {
      await answering(running, url);
      const response = await fetch(`${url}${path}`, { headers });
      return { status: response.status, body: await response.text() };
    },
  };
}
