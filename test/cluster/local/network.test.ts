import { expect, test } from "vitest";
import { mostClusters, mostNodes, networkOf } from "./network.ts";

const number = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

function range(text: string): [first: number, last: number] {
  const [address = "", bits] = text.split("/");
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(number(address) / size) * size;
  return [first, first + size - 1];
}

const clusters = Array.from({ length: mostClusters }, (_, index) => networkOf(index, mostNodes));

test("no two clusters share an address", () => {
  const ranges = clusters.flatMap(({ pods, wires }) => [range(pods), range(wires)]).toSorted(([a], [b]) => a - b);
  for (const [position, [first]] of ranges.entries()) {
    expect(first).toBeGreaterThan(ranges[position - 1]?.[1] ?? 0);
  }
});

test("every address is of the range that is set aside for tests", () => {
  const [first, last] = range("198.18.0.0/15");
  for (const { pods, wires } of clusters) {
    for (const [from, to] of [range(pods), range(wires)]) {
      expect(from).toBeGreaterThanOrEqual(first);
      expect(to).toBeLessThanOrEqual(last);
    }
  }
});

test("a cluster's nodes lie inside its ranges, apart from each other", () => {
  for (const { pods, wires, nodes } of clusters) {
    for (const node of nodes) {
      const [first, last] = range(node.pods);
      expect(first).toBeGreaterThanOrEqual(range(pods)[0]);
      expect(last).toBeLessThanOrEqual(range(pods)[1]);
      for (const address of [node.address, node.gateway]) {
        expect(number(address)).toBeGreaterThan(range(wires)[0]);
        expect(number(address)).toBeLessThan(range(wires)[1]);
      }
    }
    expect(new Set(nodes.flatMap((node) => [node.pods, node.address, node.gateway])).size).toBe(nodes.length * 3);
  }
});

test("a link's name is as short as the kernel wants it", () => {
  const links = clusters.flatMap(({ nodes }) => nodes.map((node) => node.outerLink));
  for (const link of links) expect(link.length).toBeLessThanOrEqual(15);
});
