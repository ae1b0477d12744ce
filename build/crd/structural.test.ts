import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { definition, root } from "./definition.ts";
import { structural, unbounded, undescribed } from "./structural.ts";

const { spec, status } = root.properties;

describe("the CRD", () => {
  it("says of every field what it is", () => {
    expect(undescribed({ properties: { spec, status } })).toEqual([]);
  });

  it("bounds everything that could grow", () => {
    expect(unbounded({ properties: { spec, status } })).toEqual([]);
  });

  it("is committed as the contract gives it", async () => {
    const file = new URL("../../crds/lockkeeper.dev_databasemigrations.yaml", import.meta.url);
    expect(parse(await readFile(file, "utf8"))).toEqual(definition);
  });
});

describe("a structural schema", () => {
  it("has no unions but that of a number and a string", () => {
    const union = {
      anyOf: [
        { type: "integer", minimum: 0 },
        { type: "string", maxLength: 9 },
      ],
    };
    expect(() => structural(union)).toThrow("A union can't be put into a CRD");
    expect(structural({ ...union, "x-kubernetes-int-or-string": true })).toEqual({
      "x-kubernetes-int-or-string": true,
      minimum: 0,
      maxLength: 9,
      anyOf: [{ type: "integer" }, { type: "string" }],
    });
    expect(() =>
      structural({ "x-kubernetes-int-or-string": true, anyOf: [{ type: "boolean" }, { type: "string" }] }),
    ).toThrow("A union can't be put into a CRD");
  });

  it("says of every list how it is applied", () => {
    const list = { type: "array", items: { type: "string" } };
    expect(structural(list)["x-kubernetes-list-type"]).toBe("atomic");
    expect(structural({ ...list, "x-kubernetes-list-type": "map" })["x-kubernetes-list-type"]).toBe("map");
  });

  it("has patterns as everybody writes them", () => {
    expect(structural({ type: "string", pattern: "^\\/a$" }).pattern).toBe("^/a$");
  });
});

describe("the checks of a schema", () => {
  const field = { type: "string", maxLength: 1, description: "one" };

  it("find what isn't described, however deep", () => {
    const list = {
      type: "array",
      description: "a list",
      items: { type: "object", properties: { b: { type: "string" } } },
    };
    expect(undescribed({ properties: { a: { type: "string" }, list, field } })).toEqual([".a", ".list[].b"]);
  });

  it("find what isn't bounded, however deep", () => {
    const fields = {
      field,
      a: { type: "string" },
      chosen: { type: "string", enum: ["one"] },
      list: { type: "array", items: { type: "integer" } },
      map: { type: "object", additionalProperties: field },
    };
    expect(unbounded({ properties: fields })).toEqual([
      ".a: no maxLength",
      ".list: no maxItems",
      ".list[]: no maximum",
      ".map: no maxProperties",
    ]);
  });
});
