import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { opsMigrations } from "../ops.ts";
import { tokenSource } from "./token.ts";

const TOKEN = "0123456789abcdef";

describe("the token", () => {
  test("is what was given", async () => {
    expect(await tokenSource({ token: TOKEN, file: undefined })()).toBe(TOKEN);
  });

  test("is none where nothing is configured", async () => {
    expect(await tokenSource({ token: undefined, file: undefined })()).toBeNull();
  });

  test.each(["tiny", "0123456789abcde", "0123456789 abcdef"])("%j is refused at once", (token) => {
    expect(() => opsMigrations({ token, databaseUrl: "postgres://db/shop" })).toThrow(
      "OPS_MIGRATION_TOKEN is shorter than 16 characters, or has spaces in it",
    );
  });

  test("in a file may be rotated; without a usable one nobody gets in", async () => {
    const folder = await mkdtemp(join(tmpdir(), "token-"));
    try {
      const file = join(folder, "token");
      const token = tokenSource({ token: undefined, file });
      expect(await token()).toBeNull();
      await writeFile(file, `${TOKEN}\n`);
      expect(await token()).toBe(TOKEN);
      await writeFile(file, `another-${TOKEN}`);
      expect(await token()).toBe(`another-${TOKEN}`);
      await writeFile(file, "short");
      expect(await token()).toBeNull();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
