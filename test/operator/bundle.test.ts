import { execFile } from "node:child_process";
import { rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { VERSION } from "../../contract/version.ts";
import { assetsFolder, readAssets } from "../../operator/dashboard/assets.ts";
import { bundle } from "../runner/bundled.ts";

test(
  "bundled, the operator and the kubectl plugin need nothing beside them but the dashboard's files",
  { timeout: 60_000 },
  async () => {
    await using bundled = await bundle();
    const run = async (...argv: string[]) =>
      await promisify(execFile)(process.execPath, [join(bundled.dir, "lockkeeper-operator.cjs"), ...argv]);
    expect(await run("--version")).toEqual({ stdout: `${VERSION}\n`, stderr: "" });
    expect((await run("--help")).stdout).toContain("lockkeeper-operator");

    // The plugin, by the name that kubectl looks for, and by a link to it.
    const link = join(bundled.dir, "..", `kubectl-lockkeeper-${process.pid}`);
    await symlink(join(bundled.dir, "kubectl-lockkeeper"), link);
    onTestFinished(async () => await rm(link));
    const env = { PATH: dirname(process.execPath) };
    expect(await promisify(execFile)(link, ["--version"], { env })).toEqual({ stdout: `${VERSION}\n`, stderr: "" });
    const asked = promisify(execFile)(link, ["apply", "-f", "-"], { env });
    asked.child.stdin?.end("apiVersion: v1\nkind: Secret\n");
    await expect(asked).rejects.toMatchObject({
      code: 13,
      stderr: expect.stringContaining("holds Secret of v1") as unknown,
    });

    const { files, nameOf } = await readAssets(assetsFolder(join(bundled.dir, "lockkeeper-operator.cjs")));
    const page = files.get(nameOf("page.js"))?.bytes.toString() ?? "";
    expect(page).toContain("Copyright (c) 2022 Leon Sorokin");
    expect(page).toContain("The above copyright notice and this permission notice shall be included");
  },
);
