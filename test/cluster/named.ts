/** The provider `named`: a cluster that is there already. Nothing of it is started, and only its tests' things removed. */
import { archiveOf } from "./archive.ts";
import { named as settings } from "./environment.ts";
import { anyKubectl, commands } from "./kubectl.ts";
import type { Cluster, Provider } from "./provider.ts";
import { run } from "./run.ts";

export const named: Provider = {
  name: "named",
  async unavailable() {
    return settings.kubeconfig === null ? "LOCKKEEPER_TEST_KUBECONFIG is not set" : null;
  },
  async up({ size }) {
    return await describe(size);
  },
  // Only by this name: a local cluster that is named, too, is still found by its own.
  async find(name) {
    return settings.kubeconfig === null || name !== "named" ? null : await describe("full");
  },
  async down() {},
  async status() {
    if (settings.kubeconfig === null) return [];
    return [{ name: "named", size: "full", running: true, lines: [settings.kubeconfig] }];
  },
};

async function describe(size: Cluster["size"]): Promise<Cluster> {
  const { kubeconfig, hostAddress, load } = settings;
  if (kubeconfig === null) throw new Error("Set LOCKKEEPER_TEST_KUBECONFIG to the kubeconfig of a cluster for tests.");
  const kubectl = commands(await anyKubectl(), kubeconfig);
  const nodes = await kubectl.kubectl("get", "nodes", "--output=name");
  return {
    ...kubectl,
    ...{ provider: "named", name: "named", size, kubeconfig, created: false },
    nodes: nodes.trim().split("\n").length,
    get hostAddress() {
      if (hostAddress !== null) return hostAddress;
      throw new Error("Set LOCKKEEPER_TEST_HOST_ADDRESS to this machine's address as the cluster's pods see it.");
    },
    async load(image) {
      if (load === null)
        throw new Error("Set LOCKKEEPER_TEST_LOAD to a program that brings an archive to the cluster.");
      await using archive = await archiveOf(image);
      // Without the name: a program that asks us for a cluster would be sent back here, and call itself for ever.
      await run(load, [archive.path], { env: { LOCKKEEPER_TEST_KUBECONFIG: "" } });
    },
    async down() {},
    async [Symbol.asyncDispose]() {},
  };
}
