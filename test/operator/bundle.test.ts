import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { VERSION } from "../../contract/version.ts";
import { bundle } from "../runner/bundled.ts";

test("bundled, the operator needs nothing beside it", { timeout: 60_000 }, async () => {
  await using bundled = await bundle();
  const run = async (...argv: string[]) =>
    await promisify(execFile)(process.execPath, [join(bundled.dir, "lockkeeper-operator.cjs"), ...argv]);
  expect(await run("--version")).toEqual({ stdout: `${VERSION}\n`, stderr: "" });
  expect((await run("--help")).stdout).toContain("lockkeeper-operator");
});
