import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Condition, Status } from "../../contract/resource/status.ts";
import type { Cluster } from "../cluster/provider.ts";
import { anyKubectl } from "../cluster/kubectl.ts";
import { SHOP, get } from "./kubectl.ts";
import { indent, shell } from "./narrate.ts";

export type Migration = { metadata: { generation: number }; status?: Status | undefined };

const PATIENCE_MS = 180_000;

export const condition = ({ status }: Migration, type: string): Condition | undefined =>
  status?.conditions?.find((one) => one.type === type);

/** The resource once it is Ready, or Stalled, for that image. */
export async function settled(
  cluster: Cluster,
  image: string,
  type: "Ready" | "Stalled" = "Ready",
): Promise<Migration> {
  return await when(cluster, (migration) => {
    const { status, metadata } = migration;
    const isNew = status?.observedGeneration === metadata.generation && status.source?.image === image;
    if (!isNew) return false;
    const other = condition(migration, type === "Ready" ? "Stalled" : "Ready");
    if (other?.status === "True") throw new Error(`it is ${other.type}: ${other.message}`);
    return condition(migration, type)?.status === "True";
  });
}

const MESSAGE = `jsonpath={.status.conditions[?(@.type=="Ready")].message}{"\\n"}`;

/** The resource once what it says fits. Until then kubectl's own watch shows each sentence that it says. */
export async function watched(cluster: Cluster, fits: (message: string) => boolean): Promise<Migration> {
  const args = ["-n", SHOP, "get", "databasemigration", "web", "--watch", "-o"];
  shell(["kubectl", ...args, `'${MESSAGE}'`].join(" "));
  const [program = "", ...first] = await anyKubectl();
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
  const child = spawn(program, [...first, ...args, MESSAGE], { env, stdio: ["ignore", "pipe", "inherit"] });
  createInterface({ input: child.stdout }).on("line", indent);
  try {
    return await when(cluster, (migration) => fits(condition(migration, "Ready")?.message ?? ""));
  } finally {
    child.kill();
  }
}

async function when(cluster: Cluster, fits: (migration: Migration) => boolean): Promise<Migration> {
  for (const end = performance.now() + PATIENCE_MS; ; await sleep(300)) {
    const migration = await get<Migration>(cluster, "databasemigration", "web");
    if (fits(migration)) return migration;
    if (performance.now() > end) throw new Error(`it didn't come to that: ${JSON.stringify(migration.status)}`);
  }
}
