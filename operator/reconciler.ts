import { LABEL } from "../contract/resource/names.ts";
import type { Api } from "./api/api.ts";
import type { Clock } from "./clock.ts";
import { openRecorder } from "./event/recorder.ts";
import { serverSupportsImageVolumes } from "./job/image-volumes.ts";
import { hasImageVolumes } from "./kubernetes/image-volumes.ts";
import type { Log } from "./log.ts";
import type { Instruments } from "./metrics/instruments.ts";
import { openFollowers } from "./progress/followers.ts";
import { openMemories } from "./reconcile/memory.ts";
import { reconcile } from "./reconcile/reconcile.ts";
import type { Reconciler, World } from "./run.ts";
import type { Settings } from "./settings.ts";
import { untilAnswered } from "./until-answered.ts";

type Tools = {
  api: Api;
  clock: Clock;
  log: Log;
  instruments: Instruments;
  settings: Pick<Settings, "runner" | "lease" | "namespaces">;
};

/** Gives reconcile all that it has of the world. */
export async function openReconciler(
  { api, clock, log, instruments, settings }: Tools,
  { caches, leading, enqueue, isBusy }: World,
): Promise<Reconciler> {
  const { signal } = leading;
  const runner = { runnerImage: settings.runner.image, runnerPullPolicy: settings.runner.pullPolicy };
  // A namespace in which the operator may make Jobs.
  const home = settings.namespaces?.[0] ?? settings.lease.namespace;
  const ask = async () =>
    (await serverSupportsImageVolumes(api, { namespace: home, runner, signal })) ??
    (await hasImageVolumes(api, signal));
  const imageVolumes = (await untilAnswered({ clock, log, signal }, ask)) ?? false;
  const recorder = openRecorder({ api, instance: settings.lease.identity, clock, log, isBusy });
  const followers = openFollowers({
    ...{ api, log, clock },
    onProgress(_runId, { namespace, name }) {
      const resource = caches.pods.get(`${namespace}/${name}`)?.metadata.labels?.[LABEL.instance];
      if (resource !== undefined) enqueue(`${namespace}/${resource}`);
    },
  });
  const context = {
    ...{ api, caches, clock, log, recorder, followers, instruments },
    runner,
    imageVolumes: () => imageVolumes,
    leads: () => leading.leads(),
    memories: openMemories(),
  };
  return {
    reconcile: async (key) => await reconcile(key, context),
    async close(withinMs) {
      followers.stopAll();
      await recorder.flush(withinMs);
    },
  };
}
