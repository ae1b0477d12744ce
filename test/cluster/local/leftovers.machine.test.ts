/** A local cluster leaves nothing on the machine, however it ends. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { clusterFind, clusterUp } from "../cluster.ts";
import type { Size } from "../provider.ts";
import { run } from "../run.ts";
import { local } from "./local.ts";
import { isAlive, kill, processesOf, untilGone } from "./processes.ts";
import { folderOf, readRecord } from "./record.ts";

const minutes = 60_000;

for (const size of ["control-plane", "full"] satisfies Size[]) {
  const reason = await local.unavailable(size);
  describe(`local, ${size}`, () => {
    it("can run here", (context) => context.skip(reason !== null, reason ?? ""));
    if (reason === null) leavesNothing(size);
  });
}

function leavesNothing(size: Size) {
  const nodes = size === "full" ? 2 : 1;

  it(
    "is gone without a trace after down",
    async () => {
      const before = await machine();
      const cluster = await clusterUp({ size, nodes, provider: "local" });
      const namespaces = await namespacesOf(cluster.name);
      expect(processesOf(cluster.name, namespaces)).not.toEqual([]);
      await cluster.down();
      expect(processesOf(cluster.name, namespaces)).toEqual([]);
      expect(existsSync(folderOf(cluster.name))).toBe(false);
      expect(await machine()).toEqual(before);
    },
    30 * minutes,
  );

  it(
    "ends with its harness, also by a kill -9, and down clears away the rest",
    async () => {
      const before = await machine();
      const name = `killed-${process.pid}`;
      const harness = harnessOf(name, size, nodes);
      await harness.up;
      const namespaces = await namespacesOf(name);
      expect(processesOf(name, namespaces)).not.toEqual([]);
      harness.child.kill("SIGKILL");
      await untilGone(name, namespaces);
      expect(await clusterFind(name)).toBe(null);
      await local.down(name);
      expect(existsSync(folderOf(name))).toBe(false);
      expect(await machine()).toEqual(before);
    },
    30 * minutes,
  );

  it(
    "comes up again where its first process was killed",
    async () => {
      const before = await machine();
      const name = `again-${process.pid}`;
      const cluster = await clusterUp({ name, size, nodes, provider: "local" });
      for (const { process: first } of (await readRecord(name))?.nodes ?? []) {
        kill(first, "SIGKILL");
        await vi.waitUntil(() => !isAlive(first));
      }
      await using second = await clusterUp({ name, size, nodes, provider: "local" });
      expect(second.created).toBe(true);
      expect(await second.kubectl("get", "--raw=/readyz")).toBe("ok");
      await cluster.down();
      expect(await machine()).toEqual(before);
    },
    30 * minutes,
  );
}

/** A process that starts a cluster of its own and waits. */
function harnessOf(name: string, size: Size, nodes: number) {
  const module = fileURLToPath(new URL("../cluster.ts", import.meta.url));
  const code = `import { clusterUp } from ${JSON.stringify(module)};
    const cluster = await clusterUp(${JSON.stringify({ name, size, nodes, provider: "local" })});
    console.log(cluster.name);
    setInterval(() => {}, 1000);`;
  const args = ["--input-type=module", "--eval", code];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const up = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", () => resolve());
    child.once("exit", (exit) => reject(new Error(`the harness ended with exit code ${exit}`)));
  });
  return { child, up };
}

async function namespacesOf(name: string): Promise<string[]> {
  return (await readRecord(name))?.nodes.flatMap((node) => node.process.namespace ?? []) ?? [];
}

/** Everything of the machine that a cluster could have changed and left so. */
async function machine() {
  const settings = ["net/ipv4/ip_forward", "vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops"];
  const cgroups = "/sys/fs/cgroup";
  const hierarchies = existsSync(cgroups) ? ["", ...readdirSync(cgroups)] : [];
  return {
    links: await run("ip", ["-brief", "link", "show"]),
    addresses: await run("ip", ["-brief", "address", "show"]),
    routes: await run("ip", ["route", "show", "table", "all"]),
    rules: await run("nft", ["list", "ruleset"]),
    mounts: readFileSync("/proc/self/mounts", "utf8"),
    settings: settings.map((setting) => readFileSync(`/proc/sys/${setting}`, "utf8")),
    cgroups: hierarchies.flatMap((hierarchy) => ours(join(cgroups, hierarchy))),
    folders: ["/var/lib", "/var/log", "/run", "/etc", "/opt"].flatMap((folder) => ours(folder)),
  };
}

function ours(folder: string): string[] {
  const pattern = /^(lockkeeper|kube|cni|containerd|containers|pods|netns)/;
  try {
    return readdirSync(folder).filter((entry) => pattern.test(entry));
  } catch {
    return []; // a file
  }
}
