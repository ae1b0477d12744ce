/** The lives of a resource that together make the operator ask for everything that it ever asks for. */
import { setTimeout as sleep } from "node:timers/promises";
import { expectTruth } from "./invariants.ts";
import { FAILURE, LOCK_TIMEOUT, SUCCESS } from "./playbook.ts";
import { change, condition, create, IMAGE, until } from "./stage.ts";
import type { Stage } from "./stage.ts";

/** Takes a fresh resource from its creation to its true status, whatever happens to the operator meanwhile. */
type Scene = (stage: Stage, namespace: string, name: string) => Promise<void>;

/** A lock time-out, a retry that succeeds, and a sidecar that goes on. */
const retried: Scene = async (stage, namespace, name) => {
  const plays = [LOCK_TIMEOUT, { ...SUCCESS, sidecar: true }];
  const key = await create(stage, { namespace, name, plays });
  await expectTruth(stage, key, { is: "True Applied", runs: ["LOCK_TIMEOUT", "SUCCESS"] });
};

const failing: Scene = async (stage, namespace, name) => {
  const key = await create(stage, { namespace, name, plays: [FAILURE] });
  await expectTruth(stage, key, { is: "Stalled MigrationFailed", runs: ["FAILED"] });
};

/** An image that can't be pulled, and another one that can. */
const stuck: Scene = async (stage, namespace, name) => {
  const key = await create(stage, { namespace, name, plays: [{ first: "waiting: ImagePullBackOff" }, SUCCESS] });
  await until(`${key} tells why`, () => condition(stage, key) === "False ImagePullFailed");
  const image = { ref: `${IMAGE.split(":")[0]}:1.4.3` };
  await change(stage, key, { spec: { source: { image } } });
  await expectTruth(stage, key, { is: "True Applied", runs: ["SUCCESS"] });
};

/** A run that is followed while it is on. */
const followed: Scene = async (stage, namespace, name) => {
  const over = Promise.withResolvers<void>();
  const plays = [{ ...SUCCESS, first: "running" as const, until: over.promise }];
  const key = await create(stage, { namespace, name, plays });
  await until(`${key} tells that it runs`, () => condition(stage, key) === "False Running");
  await sleep(1_200); // its log is asked for after a second
  over.resolve();
  await expectTruth(stage, key, { is: "True Applied", runs: ["SUCCESS"] });
};

export const SCENES = { retried, failing, stuck, followed } satisfies Record<string, Scene>;
export type SceneName = keyof typeof SCENES;
