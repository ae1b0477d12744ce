import { expect, it } from "vitest";
import { LineTooLong, linesOf } from "./lines.ts";

async function* chunksOf(bytes: Buffer, size: number) {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function read(text: string, size: number, longest = 1_000): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunksOf(Buffer.from(text), size), longest)) lines.push(line);
  return lines;
}

it("lines are whole, however they were cut, within a character too", async () => {
  const lines = ["", "a", "Grüße ✓ 🚢", "", "x".repeat(50), "the last, without an end"];
  for (let size = 1; size <= 120; size++) expect(await read(lines.join("\n"), size)).toEqual(lines);
});

it("an end at the end begins no line", async () => {
  expect(await read("a\nb\n", 3)).toEqual(["a", "b"]);
  expect(await read("", 1)).toEqual([]);
});

it("a line may be as long as the bound in bytes, and no longer, whether or not it ends", async () => {
  for (const size of [1, 7, 1_000]) {
    expect(await read(`${"✓".repeat(10)}\n`, size, 30)).toHaveLength(1);
    await expect(read(`ok\n${"✓".repeat(10)}\n`, size, 29)).rejects.toThrow(LineTooLong);
    await expect(read("✓".repeat(10), size, 29)).rejects.toThrow(LineTooLong);
  }
});
