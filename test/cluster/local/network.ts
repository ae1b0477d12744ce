/**
 * The addresses of a cluster, derived from one number: several clusters stand side by side.
 *
 * They are of 198.18.0.0/15, which is set aside for tests of network devices (RFC 2544): neither a company's network
 * nor a container engine uses it. A pair of virtual cables joins the host to the first node, and the first node, which
 * forwards, to each other node; so the host itself forwards nothing and its settings stay as they are.
 */
import { run } from "../run.ts";

export type NodeNetwork = {
  name: string;
  /** The node's own address, and that of the other end of its cable. */
  address: string;
  gateway: string;
  /** The cable's end on the first node; for the first node, on the host. */
  outerLink: string;
  /** What its pods get, and the node's own address among them. */
  pods: string;
  podGateway: string;
};

export type Network = { hostAddress: string; wires: string; pods: string; nodes: NodeNetwork[] };

/** The cable's end inside a node. */
export const innerLink = "wire";
/** The same in every cluster: service addresses never leave a cluster's nodes. */
export const services = "10.96.0.0/16";
export const firstService = "10.96.0.1";
export const mostNodes = 4;
export const mostClusters = 64;

/** Pure: what cluster number `index` (0 to 63) uses. */
export function networkOf(index: number, nodes: number): Network {
  const wire = (last: number) => `198.19.${index}.${last}`;
  return {
    hostAddress: wire(1),
    wires: `${wire(0)}/24`,
    pods: `198.18.${index * mostNodes}.0/22`,
    nodes: Array.from({ length: nodes }, (_, n) => ({
      name: `node-${n + 1}`,
      address: wire(n * 4 + 2),
      gateway: wire(n * 4 + 1),
      outerLink: n === 0 ? hostLink(index) : `wire-${n + 1}`,
      pods: `198.18.${index * mostNodes + n}.0/24`,
      podGateway: `198.18.${index * mostNodes + n}.1`,
    })),
  };
}

export function hostLink(index: number): string {
  return `lockkeeper${index}`;
}

/**
 * Joins the host to the first node's network, by the first free index, which it returns. That the kernel makes a link
 * of one name only once decides between two clusters that start at once.
 */
export async function wireHost(firstNode: number): Promise<number> {
  const routes = await run("ip", ["-4", "route", "show", "table", "all"]);
  for (let index = 0; index < mostClusters; index++) {
    const { wires, pods, hostAddress, nodes } = networkOf(index, 1);
    const inUse = [wires, pods].some((range) => routes.includes(range.replace(/\.0\/\d+$/, ".")));
    const [link, node] = [hostLink(index), nodes[0]];
    if (inUse || node === undefined) continue;
    try {
      await run("ip", ["link", "add", link, "type", "veth", "peer", "name", innerLink, "netns", String(firstNode)]);
    } catch (error) {
      if (error instanceof Error && error.message.includes("File exists")) continue;
      throw error;
    }
    await run("ip", ["address", "add", `${hostAddress}/30`, "dev", link]);
    await run("ip", ["link", "set", link, "up"]);
    for (const range of [wires, pods]) await run("ip", ["route", "add", range, "via", node.address]);
    return index;
  }
  throw new Error(`No free addresses: ${mostClusters} clusters, or others that use 198.18.0.0/15. See ip route.`);
}

/** Joins a further node's network to the first node's. */
export async function wireNode(firstNode: number, further: number, node: NodeNetwork): Promise<void> {
  const here = ["link", "add", node.outerLink, "netns", String(firstNode)];
  await run("ip", [...here, "type", "veth", "peer", "name", innerLink, "netns", String(further)]);
}

/** Removes the host's end, and with it the routes. The kernel does so too when the node's network ends, a bit later. */
export async function unwireHost(index: number): Promise<void> {
  await run("ip", ["link", "delete", hostLink(index)]).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.includes("Cannot find device")) throw error;
  });
}

/** What has to run inside a node, in this order, to make its end of the network. */
export function nodeCommands(network: Network, position: number): string[][] {
  const node = network.nodes[position];
  if (node === undefined) throw new Error(`no node at ${position}`);
  const commands = [
    ["ip", "link", "set", "lo", "up"],
    ["ip", "address", "add", `${node.address}/30`, "dev", innerLink],
    ["ip", "link", "set", innerLink, "up"],
    ["ip", "route", "add", "default", "via", node.gateway],
  ];
  if (position > 0) return commands;
  const further = network.nodes.slice(1).flatMap((other) => [
    ["ip", "address", "add", `${other.gateway}/30`, "dev", other.outerLink],
    ["ip", "link", "set", other.outerLink, "up"],
    ["ip", "route", "add", other.pods, "via", other.address],
  ]);
  return [...commands, ...further];
}
