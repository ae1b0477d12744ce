import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { programs } from "../cluster/local/binaries.ts";
import { run } from "../cluster/run.ts";
import { temporaryFolder } from "../images/folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const chart = "examples/workoutlog/chart";

/**
 * The example app's chart with its dependency, as `helm dependency build` fetches it from this repository, in a folder of its own:
 * the checkout stays as it is, and other tests may do the same at once.
 */
export async function exampleChart(): Promise<AsyncDisposable & { folder: string }> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder("example-chart"));
  for (const part of [chart, "charts/database-migration"]) {
    const filter = (source: string): boolean => !source.startsWith(join(root, chart, "charts"));
    await cp(join(root, part), join(path, part), { recursive: true, filter });
  }
  const folder = join(path, chart);
  await run(join(await programs("helm4"), "helm"), ["dependency", "build", "--skip-refresh", folder]);
  const kept = stack.move();
  return { folder, [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
}
