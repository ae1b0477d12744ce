import { execFile } from "node:child_process";
import { rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { VERSION } from "../../contract/version.ts";
import { bundle } from "../runner/bundled.ts";

test("bundled, the operator and the kubectl plugin need nothing beside them", { timeout: 60_000 }, async () => {
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
});
