/** The examples for Argo CD and Flux, by their own means: a health script in the Lua that Argo CD has, Flux's own evaluator of CEL. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { programs } from "../cluster/local/binaries.ts";
import { run } from "../cluster/run.ts";
import { exampleStatus } from "../operator/example-status.ts";
import { minimalSpec, resource } from "../operator/example.ts";
import { statusViolations } from "../operator/expect-valid-status.ts";
import { computeKstatus } from "../operator/kstatus.ts";
import type { Observed } from "../operator/kstatus.ts";

type Json = Record<string, unknown>;
type Health = { status: string; message: string };
type Case = { healthStatus: Health; inputPath: string };

const examples = fileURLToPath(new URL("../../examples", import.meta.url));
const customization = join(examples, "argocd/resource_customizations/lockkeeper.dev/DatabaseMigration");
const read = async (...path: string[]): Promise<string> => await readFile(join(...path), "utf8");

let program: string;
let script: string;
let cases: Case[];
let objects: Json[];
beforeAll(async () => {
  program = join(await programs("charts"), "gitops");
  script = await read(customization, "health.lua");
  ({ tests: cases } = parse(await read(customization, "health_test.yaml")) as { tests: Case[] });
  objects = await Promise.all(cases.map(async ({ inputPath }) => parse(await read(customization, inputPath)) as Json));
});

const asked = async (question: Json, about: Json[]): Promise<Health[]> =>
  JSON.parse(await run(program, [], { input: JSON.stringify({ ...question, objects: about }) })) as Health[];
const named = (answers: Health[]): Record<string, string> =>
  Object.fromEntries(answers.map(({ status }, index) => [nameOf(index), status]));
const nameOf = (index: number): string => (cases[index]?.inputPath ?? "").replace(/^testdata\/|\.yaml$/g, "");

describe("the statuses", () => {
  it("are such as the operator writes, and each has its case", async () => {
    const files = await readdir(join(customization, "testdata"));
    expect(cases.map(({ inputPath }) => inputPath.replace("testdata/", "")).toSorted()).toEqual(files.toSorted());
    for (const [index, object] of objects.entries()) {
      if (nameOf(index) === "new") continue;
      expect(statusViolations(object as Parameters<typeof statusViolations>[0]), nameOf(index)).toEqual([]);
    }
  });
});

describe("Argo CD", () => {
  it("takes a DatabaseMigration for what it is", async () => {
    expect(await asked({ ask: "lua", script }, objects)).toEqual(cases.map(({ healthStatus }) => healthStatus));
  });

  it("finds a status with every field healthy", async () => {
    const whole = { ...resource("web", minimalSpec()), status: exampleStatus(new Date(0)) };
    const [answer] = await asked({ ask: "lua", script }, [{ ...whole, metadata: { name: "web", generation: 1 } }]);
    expect(answer?.status).toBe("Healthy");
  });

  it("has the script in the ConfigMap of the example as it is tested", async () => {
    const { data } = parse(await read(examples, "argocd/argocd-cm.yaml")) as { data: Record<string, string> };
    expect(data["resource.customizations.health.lockkeeper.dev_DatabaseMigration"]).toBe(script);
  });

  it("makes the example app by its chart, with values that the chart takes", async () => {
    const { spec } = parse(await read(examples, "argocd/application.yaml")) as { spec: { source: Json } };
    expect(spec.source["path"]).toBe("examples/workoutlog/chart");
  });
});

describe("Flux", () => {
  it("is done, waits or fails by the checks of the example", async () => {
    const { spec } = parse(await read(examples, "flux/kustomization.yaml")) as { spec: { healthCheckExprs: Json[] } };
    const answers = await asked({ ask: "flux", checks: spec.healthCheckExprs }, objects);
    expect(named(answers)).toEqual({
      // There is no status to look at: it is asked again.
      new: "Unknown",
      "old-generation-applied": "InProgress",
      "old-generation-stalled": "InProgress",
      ...{ running: "InProgress", "waiting-for-lock": "InProgress", suspended: "InProgress" },
      ...{ applied: "Current", "suspended-and-applied": "Current", "database-ahead": "Current", drifted: "Current" },
      stalled: "Failed",
    });
  });

  it("waits for what the manifests make", async () => {
    const { spec } = parse(await read(examples, "flux/kustomization.yaml")) as {
      spec: { path: string; healthChecks: { kind: string; name: string }[] };
    };
    expect(spec.path).toBe("examples/kustomize/overlays/production");
    const made = (
      await Promise.all(["migration", "web"].map(async (name) => await read(examples, `kustomize/base/${name}.yaml`)))
    )
      .flatMap((text) => parseAllDocuments(text))
      .map((document) => (document as { toJS(): { kind: string; metadata: { name: string } } }).toJS());
    for (const { kind, name } of spec.healthChecks) {
      expect(made.map((object) => `${object.kind}/${object.metadata.name}`)).toContain(`${kind}/${name}`);
    }
  });
});

describe("kstatus", () => {
  it("is computed here as it computes it itself", async () => {
    const answers = await asked({ ask: "kstatus" }, objects);
    expect(answers.map(({ status }) => status)).toEqual(objects.map((object) => computeKstatus(object as Observed)));
  });
});
