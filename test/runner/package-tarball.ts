import { join } from "node:path";
import { checkout, succeed } from "./package-process.ts";

/** Builds the checkout and packs it into `folder`, as a release would. Gives the tarball's path. */
export async function packLockkeeper(folder: string): Promise<string> {
  await succeed("npm", ["run", "build"], { cwd: checkout });
  const packed = await succeed("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], {
    cwd: checkout,
  });
  // npm 11 gives a list, npm 12 a record by name.
  const [{ filename }] = Object.values(JSON.parse(packed.stdout)) as [{ filename: string }];
  return join(folder, filename);
}

/** Installs the tarball beside what `folder` has. What it depends on comes from npm's cache, or else the registry. */
export async function installTarball(folder: string, tarball: string): Promise<void> {
  await succeed("npm", ["install", "--no-save", "--prefer-offline", "--no-audit", "--no-fund", tarball], {
    cwd: folder,
  });
}
