/**
 * The gate against a model that knows which pods may run: whatever happens to Deployments, pods, runs, resources and the
 * operator, a pod starts only after the migrations of its own release were proved applied, and nothing else ever holds it.
 */
import { expect, test } from "vitest";
import { generator } from "../../test/operator/random.ts";
import { runSequence } from "./sequence.fixture.ts";

const SEQUENCES = Number(process.env["LOCKKEEPER_SEQUENCES"] ?? 10_000);
const first = Number(process.env["LOCKKEEPER_SEED"] ?? Date.now() % 1_000_000_000);

test(`no pod starts without its release's proof, and none with it is held (LOCKKEEPER_SEED=${first})`, () => {
  let started = 0;
  for (let sequence = 0; sequence < SEQUENCES; sequence++) {
    started += runSequence(first + sequence, generator(first + sequence));
  }
  expect(started).toBeGreaterThan(SEQUENCES);
}, 1_800_000);
