import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../cluster/run.ts";
import { render } from "../../operator/helm.ts";
import type { Program } from "./operator.ts";
import { NAMESPACE } from "./stage.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

type Variable = { name: string; value?: string };
type Container = { command: string[]; env: Variable[] };
type Deployment = { spec: { template: { spec: { containers: Container[] } } } };

/** Bundles the operator, as the image has it: an old bundle would be measured in silence. Node's flags and the C library's are the chart's. */
export async function bundled(scratch: string): Promise<Program> {
  const folder = join(scratch, "bundle");
  await run(process.execPath, [join(root, "build/bundle.ts"), folder]);
  const file = join(folder, "lockkeeper-operator.cjs");
  if (!existsSync(file)) throw new Error("build/bundle.ts makes no lockkeeper-operator.cjs");
  const objects = await render("lockkeeper", { namespace: NAMESPACE });
  const deployment = objects.find(({ kind }) => kind === "Deployment") as Deployment | undefined;
  const { command = [], env = [] } = deployment?.spec.template.spec.containers[0] ?? {};
  const tuning = env.flatMap(({ name, value }) =>
    name.startsWith("MALLOC_") && value !== undefined ? [[name, value]] : [],
  );
  return {
    file,
    nodeFlags: command.filter((argument) => argument.startsWith("--")),
    env: Object.fromEntries(tuning) as Record<string, string>,
  };
}

/** The operator from source: for a look at it with a profiler, not for numbers. */
export const fromSource = (nodeFlags: string[]): Program => ({
  file: join(root, "operator/main.ts"),
  nodeFlags,
  env: {},
});
