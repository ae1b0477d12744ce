/** What a file of tests shares: the cluster, the operator as a process under its own account, and all that is recorded. */
import { afterAll, beforeAll, inject } from "vitest";
import type { Api } from "../../../operator/api/api.ts";
import { connect } from "../../../operator/api/connect.ts";
import { createApi } from "../../../operator/api/request.ts";
import { clusterFind } from "../../cluster/cluster.ts";
import type { Cluster } from "../../cluster/provider.ts";
import { installOperator } from "../install.ts";
import { startOperator } from "../operator-process.ts";
import type { LogLine } from "../operator-process.ts";
import { record } from "./recorder.ts";
import type { Recorder } from "./recorder.ts";

export type Scene = {
  cluster: Cluster;
  /** With an administrator's rights. */
  api: Api;
  recorder: Recorder;
  /** What the operator has logged so far. */
  log(): Promise<LogLine[]>;
};

/** One whose operator is this file's own. */
export type OwnScene = Scene & {
  /** Does that while there is no operator, which is back and ready afterwards. For a test that runs alone. */
  away(work: () => Promise<void>): Promise<void>;
};

export type SceneOptions = {
  /** Where the operator is; each file has its own lease. */
  namespace: string;
  /** Lines that may tell of a 403: of a test with a policy. */
  forbidden?: RegExp;
};

/** A test that is over takes its namespace away, whatever its resources are at. */
const ENDED = /because it is being terminated/;

/** The scene of this file: there from the first test to the last. Without a right too few, or the file fails. */
export function sceneOf(options: SceneOptions): () => OwnScene {
  let scene: OwnScene | undefined;
  const stack = new AsyncDisposableStack();
  beforeAll(async () => {
    const cluster = await sharedCluster();
    const api = apiOf(cluster.kubeconfig, stack);
    const installed = stack.use(
      await installOperator(cluster, {
        namespace: options.namespace,
        values: { watch: { allNamespaces: true } },
      }),
    );
    const recorder = stack.use(await record(api));
    const { namespace, kubeconfig } = installed;
    const start = async () =>
      stack.use(
        await startOperator({
          ...{ namespace, kubeconfig, runnerImage: inject("image") },
          forbidden: options.forbidden ?? ENDED,
        }),
      );
    const operators = [await start()];
    const away: OwnScene["away"] = async (work) => {
      await operators.at(-1)?.stop();
      await work();
      operators.push(await start());
    };
    scene = { cluster, api, recorder, away, log: async () => operators.flatMap(({ lines }) => lines) };
  });
  afterAll(async () => await stack.disposeAsync());
  return () => {
    if (scene === undefined) throw new Error("The scene isn't there before the first test.");
    return scene;
  };
}

export async function sharedCluster(): Promise<Cluster> {
  const cluster = await clusterFind(inject("clusterName"));
  if (cluster === null) throw new Error("The cluster of the end-to-end tests is gone.");
  return cluster;
}

/** The API server by the operator's own means, with the kubeconfig's rights. */
export function apiOf(kubeconfig: string, stack: AsyncDisposableStack): Api {
  const connection = connect({ kubeconfig, inCluster: false, userAgent: "lockkeeper-tests" }, () => performance.now());
  stack.defer(() => connection.close());
  return createApi(connection);
}
