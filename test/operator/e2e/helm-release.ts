/** A release of an app whose chart has database-migration as a dependency, by a real helm, on a stage of its own. */
import { inject } from "vitest";
import { temporaryFolder } from "../../images/folder.ts";
import { helmWith } from "../helm.ts";
import type { Helm } from "../helm.ts";
import { writeAppChart } from "./app-chart.ts";
import { until } from "./recorder.ts";
import type { Scene } from "./scene.ts";
import { SERVED_PATH, servedImage } from "./sources.ts";
import { openStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

/** Of the chart database-migration. */
export const MODES = ["job", "operator", "gate"] as const;
export type Mode = (typeof MODES)[number];
type Json = Record<string, unknown>;
export type Served = Parameters<typeof servedImage>[0];
export type DeployOptions = { mode?: Mode; flags?: string[]; values?: Json };

export type Release = AsyncDisposable & {
  stage: Stage;
  helm(args: string[], values?: Json): Promise<string>;
  /** `helm install` or `upgrade` of the app with that image. Rejects with what helm says. */
  deploy(command: "install" | "upgrade", image: Served, options?: DeployOptions): Promise<string>;
  /** The states of the release's revisions, oldest first. */
  history(): Promise<string[]>;
  /** The app's pods that run: uid and image. */
  running(): Promise<string[]>;
  /** Resolves when one pod runs the image, and no other pod runs. Its uid. */
  runs(image: Served): Promise<string>;
  /** What the hook's Job printed. */
  hookLog(): Promise<string>;
  /** Reason and message of the DatabaseMigration's Ready. */
  ready(name: string): Promise<string>;
};

type Pod = {
  metadata: { uid: string; deletionTimestamp?: string };
  spec: { containers: { image: string }[] };
  status: { phase: string };
};

/** The name of the hook's Job, and of what mode gate makes; mode operator's resource has `-hook` more. */
export const NAME = "web-database-migration";

const [repository = "", tag = ""] = inject("image").split(/:(?=[^:]*$)/);

export async function openRelease(scene: Scene, version: Helm, { mode }: { mode: Mode }): Promise<Release> {
  await using stack = new AsyncDisposableStack();
  const stage = stack.use(await openStage(scene));
  const { path } = stack.use(await temporaryFolder("app-chart"));
  const run = await helmWith(version, scene.cluster.kubeconfig);
  const helm: Release["helm"] = async (args, values) => await run([...args, `--namespace=${stage.namespace}`], values);
  await writeAppChart(path);
  await helm(["dependency", "update", path]);
  const pods = async (): Promise<Pod[]> => {
    const { items } = JSON.parse(await stage.kubectl("get", "pods", "-l=app=web", "-o=json")) as { items: Pod[] };
    return items.filter(
      ({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === "Running",
    );
  };
  const told = (all: Pod[]): string[] =>
    all.map(({ metadata, spec }) => `${metadata.uid} ${spec.containers[0]?.image}`);
  const kept = stack.move();
  return {
    ...{ stage, helm },
    async deploy(command, image, { mode: other = mode, flags = [], values = {} } = {}) {
      return await helm([command, "web", path, "--timeout=100s", ...flags], {
        global: { image: servedImage(image) },
        command: ["/bin/sleep", "3600"],
        "database-migration": {
          ...{ image: { repository, tag }, mode: other, timeoutSeconds: 100 },
          source: { image: "{{ .Values.global.image }}", path: SERVED_PATH, format: "Sql" },
          workload: { name: "{{ .Release.Name }}" },
          database: { urlSecret: { name: "web-db" } },
          ...{ lock: { wait: "30s", timeout: "1s", retries: 60 }, drift: { interval: "0s" } },
          resources: { requests: { cpu: "10m", memory: "64Mi" } },
          ...values,
        },
      });
    },
    async history() {
      const revisions = JSON.parse(await helm(["history", "web", "--output=json"])) as { status: string }[];
      return revisions.map(({ status }) => status);
    },
    running: async () => told(await pods()),
    async runs(image) {
      let last: Pod[] = [];
      const only = await until(
        async () => {
          last = await pods();
          const [pod] = last;
          return last.length === 1 && pod?.spec.containers[0]?.image === servedImage(image) ? pod : null;
        },
        () => `one pod runs ${servedImage(image)}: ${JSON.stringify(told(last))}`,
      );
      return only.metadata.uid;
    },
    hookLog: async () => await stage.kubectl("logs", `job/${NAME}`),
    async ready(name) {
      const query = "jsonpath={.status.conditions[?(@.type=='Ready')]['reason','message']}";
      return await stage.kubectl("get", "databasemigration", name, "-o", query);
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}
