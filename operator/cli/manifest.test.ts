import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readManifest } from "./manifest.ts";

const HEAD = "apiVersion: lockkeeper.dev/v1alpha1\nkind: DatabaseMigration\n";
const none = { asked: null, otherwise: "default" };

const read = async (text: string, namespace: Parameters<typeof readManifest>[1] = none) =>
  await readManifest("-", namespace, { stdin: async () => text });

it("is read from YAML, from JSON and from a file, without what the server keeps", async () => {
  const spec = { source: { path: "/app" } };
  const yaml = `---\n# a comment\n${HEAD}metadata: { name: web, uid: u, labels: { a: b } }\nspec: { source: { path: /app } }\nstatus: {}\n---\n`;
  const expected = {
    ...{ apiVersion: "lockkeeper.dev/v1alpha1", kind: "DatabaseMigration", spec },
    metadata: { name: "web", namespace: "default", labels: { a: "b" } },
  };
  expect(await read(yaml)).toEqual(expected);
  expect(await read(JSON.stringify({ ...expected, metadata: { ...expected.metadata, uid: "u" } }))).toEqual(expected);
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-manifest-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  await writeFile(join(folder, "m.yaml"), yaml);
  expect(await readManifest(join(folder, "m.yaml"), none, { stdin: async () => "" })).toEqual(expected);
});

it("its own namespace counts, unless -n names another", async () => {
  const yaml = `${HEAD}metadata: { name: web, namespace: shop }\n`;
  expect((await read(yaml)).metadata.namespace).toBe("shop");
  expect((await read(yaml, { asked: "shop", otherwise: "x" })).metadata.namespace).toBe("shop");
  await expect(read(yaml, { asked: "blog", otherwise: "x" })).rejects.toThrow(
    "is of the namespace shop, and -n names blog",
  );
  const without = `${HEAD}metadata: { name: web }\n`;
  expect((await read(without, { asked: "blog", otherwise: "x" })).metadata.namespace).toBe("blog");
});

const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e", "f", "g", "h"]
  .map((name, index) => `${name}: &${name} [${Array<string>(10).fill(`*${"abcdefgh"[index]}`).join()}]`)
  .join("\n")}\n`;

it.each([
  ["nothing", "", "is empty"],
  ["only a comment", "# x\n---\n", "is empty"],
  ["two resources", `${HEAD}metadata: {name: a}\n---\n${HEAD}metadata: {name: b}\n`, "holds 2 resources"],
  ["another kind", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", "holds Secret of v1: only DatabaseMigration"],
  ["another version", "apiVersion: lockkeeper.dev/v9\nkind: DatabaseMigration\n", "of lockkeeper.dev/v9: only"],
  ["no name", `${HEAD}metadata: {generateName: a}\n`, "metadata.name is missing"],
  ["a list", "[]", "holds no resource"],
  ["no YAML", "a: b: c\n", "is no YAML"],
  ["a key that is there twice", `${HEAD}metadata: {name: a, name: b}\n`, "is no YAML"],
  ["broken JSON", '{"apiVersion": ', "is no YAML"],
  ["aliases that grow without bounds", bomb, "is no YAML that can be used"],
])("%s is refused", async (_title, text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});
