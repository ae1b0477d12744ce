/** The operator is killed between every two of its calls, and what it was at comes to its end all the same. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isApiError } from "../../../operator/api/api.ts";
import type { OperatorProcess } from "../operator-process.ts";
import type { ApiProxy } from "../proxy.ts";
import { isFor, isWrite, numbered } from "./calls.ts";
import { KNOWN } from "./known-calls.ts";
import type { Phase } from "./known-calls.ts";
import { SCENES } from "./scenes.ts";
import type { SceneName } from "./scenes.ts";
import { HOME, newNamespace, openStage, startHere, until, wayTo } from "./stage.ts";
import type { Stage } from "./stage.ts";

let stage: Stage;
let way: ApiProxy;
beforeAll(async () => {
  stage = await openStage();
  way = await wayTo(stage);
});
afterAll(async () => {
  for (const scope of [way, stage]) await scope?.[Symbol.asyncDispose]();
});

const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/lockkeeper-operator`;
const SCENE_NAMES = Object.keys(SCENES) as SceneName[];

/** Which calls belong to which phase, in a life of the operator without faults. */
async function record(namespace: string): Promise<Record<Phase, Set<string>>> {
  const calls = { start: new Set<string>(), stop: new Set<string>() } as Record<Phase, Set<string>>;
  const names = new Map<Phase, ReturnType<typeof numbered>>();
  let isStopping = false;
  const done = way.rule((request) => {
    const scene = SCENE_NAMES.find((name) => isFor(request, name));
    const phase = scene ?? (isStopping && request.method === "PUT" ? "stop" : "start");
    const nameOf = names.get(phase) ?? numbered();
    names.set(phase, nameOf);
    (calls[phase] ??= new Set()).add(nameOf(request));
    return null;
  });
  await using operator = await startHere(stage, { way });
  for (const scene of SCENE_NAMES) await SCENES[scene](stage, namespace, scene);
  await sleep(2_500); // the lease is renewed every 2 s, and events come behind the work
  isStopping = true;
  await operator.stop();
  done();
  return calls;
}

test("two lives without faults have no call that isn't known, and so is killed at", async () => {
  for (const namespace of ["one", "two"]) {
    const calls = await record(await newNamespace(stage, namespace));
    for (const [phase, found] of Object.entries(calls)) {
      expect(
        [...found].filter((call) => !KNOWN[phase as Phase].includes(call)),
        `${phase}: unknown`,
      ).toEqual([]);
    }
  }
});

type Point = { phase: Phase; call: string; moment: "before" | "after" };

/** Once for each call, in the first scene that has it: how a run is begun is the same in all of them. */
const POINTS: Point[] = Object.entries(KNOWN).flatMap(([phase, calls], at, all) =>
  calls.flatMap((call) => {
    if (all.slice(0, at).some(([, before]) => before.includes(call))) return [];
    const moments = isWrite(call) ? (["before", "after"] as const) : (["before"] as const);
    return moments.map((moment) => ({ phase: phase as Phase, call, moment }));
  }),
);

/** Kills the operator before the server gets that call, or when it has carried it out and before it answers. */
function killAt({ call, moment }: Point, name: string | null): { victim: (next: OperatorProcess) => Promise<void> } {
  const nameOf = numbered();
  let operator: OperatorProcess | null = null;
  let isDead = false;
  const die = (): void => {
    isDead = true;
    operator?.child.kill("SIGKILL");
  };
  const done = way.rule((request) => {
    if (isDead) return { drop: true };
    if (name !== null && !isFor(request, name)) return null;
    if (nameOf(request) !== call) return null;
    if (moment === "after") return { stallAfter: 0, stalled: die };
    die();
    return { drop: true };
  });
  return {
    async victim(next) {
      operator = next;
      await until(`${moment} ${call}`, () => isDead, { say: () => JSON.stringify(next.lines.slice(-3)) });
      await next.ended;
      done();
    },
  };
}

test(`it is killed at ${POINTS.length} boundaries, and every resource comes to its true status`, async () => {
  const namespace = await newNamespace(stage, "kill");
  const going: Promise<void>[] = [];
  for (const [index, point] of POINTS.entries()) {
    const { phase, call } = point;
    const scene = phase === "start" || phase === "stop" ? null : phase;
    const name = `case-${index}`;
    const kill = killAt(point, scene === null ? null : name);
    if (call.startsWith("POST leases")) await forgetLease();
    // What the one before was at goes on in this one's life, which is as short.
    const life = SCENES[scene ?? "failing"](stage, namespace, name);
    life.catch(() => undefined);
    going.push(life);
    await using operator = await startHere(stage, { way, wait: false });
    if (phase === "stop") {
      await operator.line(({ msg }) => msg === "leading");
      operator.child.kill("SIGTERM");
    }
    await kill.victim(operator);
  }
  await using operator = await startHere(stage, { way });
  await Promise.all(going);
  expect(operator.child.exitCode).toBeNull();
}, 240_000);

async function forgetLease(): Promise<void> {
  await stage.api.request("DELETE", LEASE).catch((error: unknown) => {
    if (!isApiError(error, "NotFound")) throw error;
  });
}
