/** Resources that nobody can want, and that can be there all the same: the operator lives, and the others get their turn. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { definition } from "../../../build/crd/definition.ts";
import { API_VERSION, KIND } from "../../../contract/resource/names.ts";
import { ApiError } from "../../../operator/api/api.ts";
import { MIGRATIONS } from "../../../operator/api/kinds.ts";
import { pathOf } from "../../../operator/api/path.ts";
import { exampleStatus } from "../example-status.ts";
import { statusViolations } from "../expect-valid-status.ts";
import { randomSpec } from "../mutate.ts";
import type { OperatorProcess } from "../operator-process.ts";
import type { ApiProxy } from "../proxy.ts";
import { generator } from "../random.ts";
import { expectTruth } from "./invariants.ts";
import { SCENES } from "./scenes.ts";
import { create, latest, newNamespace, openStage, spec, startHere, until, wayTo } from "./stage.ts";
import type { Stage } from "./stage.ts";

const namespace = "shop";
const seed = Number(process.env["LOCKKEEPER_SEED"] ?? Date.now() % 1_000_000);
const random = generator(seed);

let stage: Stage;
let way: ApiProxy;
let operator: OperatorProcess;
beforeAll(async () => {
  stage = await openStage();
  way = await wayTo(stage);
  operator = await startHere(stage, { way });
  await newNamespace(stage, namespace);
});
afterAll(async () => {
  for (const scope of [operator, way, stage]) await scope?.[Symbol.asyncDispose]();
});

/** Whether the API server took it. */
async function post(name: string, given: unknown, annotations: Record<string, string> = {}): Promise<boolean> {
  const body = { apiVersion: API_VERSION, kind: KIND, metadata: { name, annotations }, spec: given };
  try {
    await stage.api.request("POST", pathOf(MIGRATIONS, namespace), { body });
    return true;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 422 || error.status === 400)) return false;
    throw error;
  }
}

const writeStatus = async (name: string, status: unknown): Promise<boolean> =>
  await stage.api
    .request("PATCH", pathOf(MIGRATIONS, namespace, name, "status"), { patch: "merge", body: { status } })
    .then(
      () => true,
      () => false,
    );

/** The operator lives, logs no bug, and others get their turn soon. */
async function expectUnharmed(name: string): Promise<void> {
  const begun = performance.now();
  await SCENES.retried(stage, namespace, name);
  console.log(`${name}: ready after ${Math.round(performance.now() - begun)} ms, seed ${seed}`);
  expect(operator.child.exitCode).toBeNull();
  const odd = operator.lines.filter(({ level }) => level === "error" || level === "fatal");
  expect(odd, `LOCKKEEPER_SEED=${seed}`).toEqual([]);
}

const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

test("200 random specs that the CRD takes each come to a valid status", async () => {
  const taken: string[] = [];
  for (let count = 0; taken.length < 200; count++) {
    const name = `spec-${count}`;
    if (await post(name, { ...randomSpec(random), suspend: random() < 0.2 })) taken.push(name);
  }
  await expectUnharmed("beside-specs");
  const told = (name: string): boolean => latest(stage, `${namespace}/${name}`)?.status?.conditions !== undefined;
  await until("each has a status", () => taken.every(told));
  const broken = taken.flatMap((name) => {
    const resource = latest(stage, `${namespace}/${name}`);
    return resource === undefined ? [name] : statusViolations(resource).map((violation) => `${name}: ${violation}`);
  });
  expect(broken, `LOCKKEEPER_SEED=${seed}`).toEqual([]);
}, 180_000);

/** Texts, numbers and times that no operator wrote. */
const ODD: readonly unknown[] = [
  ...[
    "",
    "garbage",
    "-1",
    "9".repeat(40),
    "a".repeat(40),
    "NaN",
    "constructor",
    "__proto__",
    "\u0000\u001b[2J",
    "é\ud800",
  ],
  ...["2026-13-99T99:99:99Z", "+275760-09-13T00:00:00.001Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"],
  ...[0, 1, 2 ** 31, Number.MAX_SAFE_INTEGER, true, [], {}],
];

/** Of the same kind where `keepKind` says so: then the CRD takes it, if its bounds do. */
function spoil(value: unknown, keepKind: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => spoil(item, keepKind));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, spoil(item, keepKind)]));
  }
  if (random() > 0.15) return value;
  const odd = keepKind ? ODD.filter((one) => typeof one === typeof value) : ODD;
  return odd.length === 0 ? value : pick(odd);
}

test("100 hostile statuses that the CRD takes are read as they are, or as none", async () => {
  for (let count = 0; count < 100; count++) {
    const name = `status-${count}`;
    await post(name, spec({ drift: { interval: "1h" } }));
    let tries = 0;
    while (!(await writeStatus(name, spoil(exampleStatus(new Date()), true)))) expect(++tries).toBeLessThan(100);
  }
  await expectUnharmed("beside-statuses");
}, 180_000);

test("300 objects that an older CRD let in are told of as invalid, or left, and the newer CRD changes nothing about it", async () => {
  const [version] = definition.spec.versions;
  const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const permissive = {
    ...definition,
    spec: {
      ...definition.spec,
      versions: [
        {
          ...version,
          schema: { openAPIV3Schema: { type: "object", properties: { spec: anything, status: anything } } },
        },
      ],
    },
  };
  await stage.cluster.apply(permissive);
  while (!(await post("probe", { nothing: "that is known" }))) await sleep(100);
  const names: string[] = [];
  for (let count = 0; count < 300; count++) {
    const name = `raw-${count}`;
    const given = pick([
      () => spoil(randomSpec(random), false),
      () => ({}),
      () => undefined,
      () => spoil(spec(), false),
    ])();
    const annotations = { "lockkeeper.dev/retry": "é".repeat(pick([1, 200, 4_000])), "lockkeeper.dev/recheck": "x" };
    if (await post(name, given, pick([{}, annotations]))) names.push(name);
    if (random() < 0.5) await writeStatus(name, spoil(exampleStatus(new Date()), false));
  }
  expect(names.length).toBeGreaterThan(100);
  await expectUnharmed("beside-raw");

  await stage.cluster.apply(definition);
  const key = await create(stage, { namespace, name: "afterwards" });
  await expectTruth(stage, key, { is: "True Applied", runs: ["SUCCESS"] });
  // And whoever starts with all of it there.
  await operator.stop();
  operator = await startHere(stage, { way });
  await expectUnharmed("after-restart");
}, 180_000);
