/** The CRD on a real API server: what it refuses and in which words, what it fills in, and what people see of it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLURAL } from "../../contract/resource/names.ts";
import { Spec } from "../../contract/resource/spec.ts";
import { definition, root } from "../../build/crd/definition.ts";
import type { Schema } from "../../build/crd/structural.ts";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { askWith } from "./ask.ts";
import type { Answer, Ask } from "./ask.ts";
import { breaches } from "./breaches.ts";
import { minimalSpec, resource } from "./example.ts";
import { exampleStatus } from "./example-status.ts";

type Json = Record<string, unknown>;

const collection = "/apis/lockkeeper.dev/v1alpha1/namespaces/default/databasemigrations";
const specSchema: Schema = root.properties.spec;

let cluster: Cluster;
let ask: Ask;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  ask = await askWith(cluster.kubeconfig);
  await cluster.apply(definition);
  await cluster.kubectl("wait", "--for=condition=Established", `crd/${definition.metadata.name}`, "--timeout=30s");
});
afterAll(async () => await cluster[Symbol.asyncDispose]());

const dryRun = async (name: string, spec: Json): Promise<Answer> =>
  await ask("POST", `${collection}?dryRun=All&fieldValidation=Strict`, resource(name, spec));

describe("the API server", () => {
  it("takes the CRD as it is: structural, and with rules that it can afford", async () => {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
    const { status } = (await ask("GET", path)).body as { status: { conditions: { type: string; status: string }[] } };
    const conditions = status.conditions.map((condition) => `${condition.type}=${condition.status}`);
    expect(conditions).toContain("Established=True");
    expect(conditions).toContain("NamesAccepted=True");
    expect(conditions.join()).not.toContain("NonStructuralSchema");
  });

  it("fills in what reading the resource fills in", async () => {
    const { status, body } = await ask(
      "POST",
      `${collection}?fieldValidation=Strict`,
      resource("minimal", minimalSpec()),
    );
    expect(status).toBe(201);
    expect(body["spec"]).toEqual(Spec.parse(minimalSpec()));
    expect((await ask("GET", `${collection}/minimal`)).body["spec"]).toEqual(Spec.parse(minimalSpec()));
  });

  it.each(breaches)("refuses $breaks", async ({ spec, message, cured }) => {
    const refused = await dryRun("breach", spec);
    expect(refused).toMatchObject({ status: 422, message: expect.stringContaining(message) });
    expect(Spec.safeParse(spec).error?.message).toContain(message);
    expect((await dryRun("cured", cured)).status).toBe(201);
  });

  it("has no rule on the spec that isn't tried here", () => {
    const messages = rulesOf(specSchema).map(({ message }) => message);
    expect(messages.length).toBeGreaterThan(0);
    expect(new Set(messages)).toEqual(new Set(breaches.map(({ message }) => message)));
  });

  it("takes a name of 63 characters, and refuses a longer one", async () => {
    expect((await dryRun("n".repeat(63), minimalSpec())).status).toBe(201);
    expect(await dryRun("n".repeat(64), minimalSpec())).toMatchObject({
      status: 422,
      message: expect.stringContaining("a name has at most 63 characters"),
    });
  });

  it.each([
    ["spec", { ...minimalSpec(), databse: {} }, 'unknown field "spec.databse"'],
    ["spec.job", { ...minimalSpec(), job: { template: {} } }, 'unknown field "spec.job.template"'],
    [
      "a reference",
      {
        ...minimalSpec(),
        database: { urlFrom: { secretKeyRef: { name: "web-db", key: "url", namespace: "other" } } },
      },
      'unknown field "spec.database.urlFrom.secretKeyRef.namespace"',
    ],
  ])("refuses an unknown field of %s by name", async (_where, spec, message) => {
    expect(await dryRun("unknown", spec)).toMatchObject({ status: 400, message: expect.stringContaining(message) });
  });
});

describe("what people see", () => {
  it("kubectl explain tells what every field of the spec is", async () => {
    const text = flat(await cluster.kubectl("explain", "databasemigration.spec"));
    for (const [name, { description = "" }] of Object.entries(specSchema.properties ?? {})) {
      expect(text).toMatch(new RegExp(`\\b${name}\\b`));
      expect(description).not.toBe("");
      expect(text).toContain(flat(description));
    }
    const source = flat(await cluster.kubectl("explain", "dbm.spec.source.workload"));
    expect(source).toContain("Follow a Deployment: a run for each new image of its pod template.");
    expect(source).toContain(
      "container <string> The container whose image holds the migrations. Not given: the first.",
    );
  });

  it("kubectl get shows the design's columns, by its short name and its category too", async () => {
    await ask("POST", collection, resource("web", minimalSpec()));
    const status = exampleStatus(new Date(Date.now() - 3_600_000));
    const patched = await ask(
      "PATCH",
      `${collection}/web/status?fieldValidation=Strict`,
      { status },
      {
        contentType: "application/merge-patch+json",
      },
    );
    // The nulls of a merge patch are dropped, in lists too.
    expect(patched).toMatchObject({ status: 200, body: { status: withoutNulls(status) } });

    for (const name of [PLURAL, "dbm", "lockkeeper"]) {
      const { head, row } = table(await cluster.kubectl("get", name, "--field-selector=metadata.name=web"));
      expect(head).toEqual(["NAME", "READY", "REASON", "VERSION", "PENDING", "LAST RUN", "AGE"]);
      expect(row.slice(0, 6)).toEqual(["web", "True", "Applied", "0010_solid_watchtower", "0", "60m"]);
    }
    const wide = table(await cluster.kubectl("get", "dbm", "web", "-o", "wide"));
    expect(wide.head).toEqual([
      ...["NAME", "READY", "REASON", "VERSION", "PENDING", "LAST RUN", "IMAGE", "MESSAGE", "AGE"],
    ]);
    expect(wide.row.slice(6, 8)).toEqual(["ghcr.io/acme/web:1.4.2", "0010_solid_watchtower; 2 applied in 412 ms"]);
    expect(await cluster.kubectl("get", "all")).not.toContain("web");
  });

  it("kubectl get shows a resource without a status, too", async () => {
    await ask("POST", collection, resource("new", minimalSpec()));
    const { row } = table(await cluster.kubectl("get", "dbm", "new"));
    expect(row[0]).toBe("new");
    expect(row).toHaveLength(2);
  });

  it("a status can only be written as such, and is bounded", async () => {
    const created = await ask("POST", collection, {
      ...resource("other", minimalSpec()),
      status: exampleStatus(new Date()),
    });
    expect(created.status).toBe(201);
    expect(created.body["status"]).toBeUndefined();
    const status = { lastHandledRetry: "x".repeat(254) };
    const patch = { contentType: "application/merge-patch+json" };
    expect((await ask("PATCH", `${collection}/other/status`, { status }, patch)).status).toBe(422);
  });
});

const withoutNulls = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, inner: unknown) => (inner === null ? undefined : inner)));

type Rule = { rule: string; message: string };

function rulesOf(part: Schema | undefined): Rule[] {
  if (part === undefined) return [];
  const inner = [...Object.values(part.properties ?? {}), part.items, part.additionalProperties];
  return [...((part["x-kubernetes-validations"] as Rule[] | undefined) ?? []), ...inner.flatMap(rulesOf)];
}

/** kubectl folds long lines. */
const flat = (text: string): string => text.replaceAll(/\s+/g, " ");

/** Columns are divided by three spaces; an empty cell can't be told from none. */
function table(text: string): { head: string[]; row: string[] } {
  const [head = [], row = []] = text
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ {2,}/).filter((cell) => cell !== ""));
  return { head, row };
}
