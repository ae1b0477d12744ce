import { expect, it } from "vitest";
import { LABEL, MANAGED_BY } from "../../contract/resource/names.ts";
import { BY_HAND, byHandJob } from "./by-hand.ts";
import { order, RUNNER } from "./order-fixture.ts";
import { podSpec } from "./pod-spec.ts";

const job = (command: (typeof BY_HAND)[number], changes: Parameters<typeof order>[0] = {}) =>
  byHandJob(order(changes), { command, operand: null, given: [] }, RUNNER);

it.each(BY_HAND)("a Job for %s carries nothing that the operator would know as a run of its own", (command) => {
  const labels = { [LABEL.managedBy]: MANAGED_BY, "lockkeeper.dev/x": "y", team: "shop" };
  const { metadata, spec } = job(command, { spec: { job: { labels } } });
  for (const marks of [metadata, spec.template.metadata]) {
    expect(marks.labels[LABEL.managedBy]).toBe("kubectl-lockkeeper");
    expect(marks.labels).toHaveProperty("team", "shop");
    expect(Object.keys(marks.annotations).filter((name) => name.startsWith("lockkeeper.dev/"))).toEqual([]);
  }
  expect(metadata.ownerReferences).toEqual([expect.not.objectContaining({ controller: true })]);
});

it("its pod is that of a run, but for the arguments", () => {
  const { args: _args, ...ours } = job("status").spec.template.spec.containers[0] ?? {};
  const { args: __args, ...theirs } = podSpec(order(), RUNNER).containers[0] ?? {};
  expect(ours).toEqual(theirs);
});

it("is ended some time after what it runs may take; without a limit of that, never", () => {
  expect(job("plan").spec.activeDeadlineSeconds).toBe(4_200);
  expect(job("down", { spec: { timeouts: { run: "1h" } } }).spec.activeDeadlineSeconds).toBe(7_200);
  expect(job("down", { spec: { timeouts: { run: "0s" } } }).spec).not.toHaveProperty("activeDeadlineSeconds");
});
