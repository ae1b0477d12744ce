/**
 * The API server and zod agree on which specs can be used, and on what is filled in. What they can't agree on:
 * - a duration of more than ten years: its form is right, so the API server takes it, and the operator says InvalidSpec;
 * - an unknown field: zod leaves it out, as the API server does where validation isn't strict;
 * - null: the API server drops it, zod refuses it; a resource that was stored has none;
 * - a character beyond the first 65,536 is one to the API server, two to JavaScript.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { definition } from "../../build/crd/definition.ts";
import { Spec } from "../../contract/resource/spec.ts";
import { clusterUp } from "../cluster/cluster.ts";
import type { Cluster } from "../cluster/provider.ts";
import { askWith } from "./ask.ts";
import type { Ask } from "./ask.ts";
import { minimalSpec, resource } from "./example.ts";
import { randomSpec } from "./mutate.ts";
import { generator } from "./random.ts";

const path = "/apis/lockkeeper.dev/v1alpha1/namespaces/default/databasemigrations?dryRun=All";
const CASES = 1_500;
const AT_ONCE = 8;

let cluster: Cluster;
let ask: Ask;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  ask = await askWith(cluster.kubeconfig);
  await cluster.apply(definition);
  await cluster.kubectl("wait", "--for=condition=Established", `crd/${definition.metadata.name}`, "--timeout=30s");
});
afterAll(async () => await cluster[Symbol.asyncDispose]());

it(`the API server and zod judge ${CASES} random specs alike, and fill in the same`, async () => {
  const seed = Number(process.env["LOCKKEEPER_SEED"] ?? Date.now() % 1_000_000);
  const random = generator(seed);
  const specs = Array.from({ length: CASES }, () => randomSpec(random));
  const tally = { taken: 0, refused: 0, tooLong: 0 };
  let next = 0;
  const judge = async (): Promise<void> => {
    for (let spec = specs[next++]; spec !== undefined; spec = specs[next++]) tally[await compare(spec, seed)]++;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, judge));
  console.log(`seed ${seed}:`, tally);
  expect(tally.taken).toBeGreaterThan(CASES / 5);
  expect(tally.refused).toBeGreaterThan(CASES / 5);
});

it("they differ where only code can count, and over what no stored resource has", async () => {
  const tooLong = { ...minimalSpec(), timeouts: { run: "99999d" } };
  expect(await compare(tooLong, 0)).toBe("tooLong");
  const withNull = { ...minimalSpec(), suspend: null };
  expect(Spec.safeParse(withNull).success).toBe(false);
  const answer = await ask("POST", path, resource("with-null", withNull));
  expect(answer).toMatchObject({ status: 201, body: { spec: { suspend: false } } });
});

async function compare(spec: Record<string, unknown>, seed: number): Promise<"taken" | "refused" | "tooLong"> {
  const { success, data, error } = Spec.safeParse(spec);
  const answer = await ask("POST", path, resource("random", spec));
  const told = `LOCKKEEPER_SEED=${seed}: ${JSON.stringify(spec)}\nthe server: ${answer.message}\nzod: ${error?.message ?? ""}`;
  const tooLong = error?.issues.every(({ message }) => message === "a duration is at most ten years") ?? false;
  expect(answer.status, told).toBe(success || tooLong ? 201 : 422);
  if (success) expect(answer.body["spec"], told).toEqual(data);
  return success ? "taken" : tooLong ? "tooLong" : "refused";
}
