import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { programs } from "../cluster/local/binaries.ts";
import { run } from "../cluster/run.ts";
import { temporaryFolder } from "../images/folder.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const chart = "examples/workoutlog/chart";

/**
 * The example app's chart with its dependency, as `helm dependency build` fetches it from this repository, in a folder of its own:
 * the checkout stays as it is, and other tests may do the same at once. With `aliases` it has the dependency once for each.
 */
export async function exampleChart(aliases: string[] = []): Promise<AsyncDisposable & { folder: string }> {
  await using stack = new AsyncDisposableStack();
  const { path } = stack.use(await temporaryFolder("example-chart"));
  for (const part of [chart, "charts/database-migration"]) {
    const filter = (source: string): boolean => !source.startsWith(join(root, chart, "charts"));
    await cp(join(root, part), join(path, part), { recursive: true, filter });
  }
  const folder = join(path, chart);
  if (aliases.length > 0) await rename(folder, aliases);
  const command = aliases.length > 0 ? "update" : "build";
  await run(join(await programs("helm4"), "helm"), ["dependency", command, "--skip-refresh", folder]);
  const kept = stack.move();
  return { folder, [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
}

/** As somebody has it whose app is on several databases. */
async function rename(folder: string, aliases: string[]): Promise<void> {
  const file = join(folder, "Chart.yaml");
  const content = parse(await readFile(file, "utf8")) as { dependencies: [Record<string, unknown>] };
  const [dependency] = content.dependencies;
  await writeFile(file, stringify({ ...content, dependencies: aliases.map((alias) => ({ ...dependency, alias })) }));
  // They know the one dependency by its own name.
  for (const name of ["Chart.lock", "values.schema.json", "values.yaml"]) await rm(join(folder, name));
}
