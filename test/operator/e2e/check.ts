/** What holds after every test, whatever it did. */
import { expect } from "vitest";
import { CANARY, leaks } from "../../runner/canary.ts";
import { expectValidStatus } from "../expect-valid-status.ts";
import { overlaps } from "./one-at-a-time.ts";
import type { Scene } from "./scene.ts";

/** What a test left to be looked at. */
type Left = { scene: Scene; namespace: string; kubectl(...args: string[]): Promise<string> };

/**
 * Every status that was ever seen was a valid one; never two Jobs at once; the password is nowhere; and a run has one id
 * in status, event, log and run log.
 */
export async function checkAll(stage: Left): Promise<void> {
  const { scene, namespace } = stage;
  const { recorder } = scene;
  const ours = <T extends { object: { metadata: { namespace: string } } }>(seen: T[]): T[] =>
    seen.filter(({ object }) => object.metadata.namespace === namespace);
  const migrations = ours(recorder.migrations);
  const jobs = ours(recorder.jobs);
  const pods = ours(recorder.pods);
  expect(overlaps(jobs, pods), "Jobs of one resource at the same time").toEqual([]);
  for (const { object: migration } of migrations) {
    if (migration.status !== undefined) expectValidStatus(migration, { canaries: [CANARY] });
  }
  const lines = (await scene.log()).filter((line) => JSON.stringify(line).includes(namespace));
  const texts = {
    resources: JSON.stringify(migrations),
    jobs: JSON.stringify(jobs),
    pods: JSON.stringify(pods),
    "the operator's log": JSON.stringify(lines),
    events: await stage.kubectl("get", "events.events.k8s.io", "--output=json"),
    "kubectl describe": await stage.kubectl("describe", "databasemigrations,jobs,pods"),
    "the runs' logs": await podLogs(stage),
  };
  expect(leaks(texts), "where the password was found").toEqual([]);
}

async function podLogs({ kubectl }: Left): Promise<string> {
  const names = (await kubectl("get", "pods", "--output=name")).split("\n").filter(Boolean);
  const logs = names.map(async (name) => await kubectl("logs", name, "--all-containers").catch(() => ""));
  return (await Promise.all(logs)).join("\n");
}
