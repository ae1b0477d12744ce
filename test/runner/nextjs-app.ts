import { cp, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { answering, checkout, freePort, start, succeed, type Running } from "./package-process.ts";
import { installTarball } from "./package-tarball.ts";

const example = join(checkout, "examples/workoutlog");

export type Built = AsyncDisposable & {
  /** A copy of WorkoutLog with its dependencies and the packed Lockkeeper. */
  source: string;
  /** What its build made to be run alone. No `node_modules` lies above it: whatever the build forgot is missing. */
  standalone: string;
};

/** Installs and builds a copy of WorkoutLog. */
export async function buildApp(tarball: string): Promise<Built> {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-workoutlog-"));
  const [source, standalone] = [join(folder, "source"), join(folder, "standalone")];
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const generated = /^(node_modules|\.next|next-env\.d\.ts)(\/|$)/;
  try {
    await cp(example, source, { recursive: true, filter: (path) => !generated.test(relative(example, path)) });
    await succeed("npm", ["ci", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: source });
    await installTarball(source, tarball);
    await succeed("npm", ["run", "build"], { cwd: source });
    await rename(join(source, ".next/standalone"), standalone);
  } catch (error) {
    await remove();
    throw error;
  }
  return { source, standalone, [Symbol.asyncDispose]: remove };
}

export type App = Running & {
  /** Without a slash at its end. */
  url: string;
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; body: string }>;
};

/** Starts the built app. It may end by itself, or answer: `startApp` waits for neither. */
export async function startApp(standalone: string, env: Record<string, string>): Promise<App> {
  const port = await freePort();
  const running = start("node", ["server.js"], {
    cwd: standalone,
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
