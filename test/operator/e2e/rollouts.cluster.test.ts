/** Rollouts under load by each tool: the short form of `npm run test:rollouts`. */
import { it } from "vitest";
import { temporaryFolder } from "../../images/folder.ts";
import { FINISHED, rollOut } from "../rollouts/rollout.ts";
import { TOOLS } from "../rollouts/tools.ts";
import type { ToolName } from "../rollouts/tools.ts";
import { sceneOf } from "./scene.ts";
import { openStage } from "./stage.ts";

const scene = sceneOf({ namespace: "e2e-rollouts" });

/** Little for each: all tools roll out at once, beside other suites. The 200 a second are `npm run test:rollouts`. */
const LOAD = { rollouts: 1, perSecond: 10, afterMs: 15_000 };

it.for(Object.keys(TOOLS) as ToolName[])(
  "%s: no request fails, and no app begins before its migrations have ended",
  { timeout: 420_000 },
  async (tool, { expect }) => {
    await using stage = await openStage(scene());
    await using folder = await temporaryFolder("rollouts");
    const { load, marginsMs } = await rollOut(
      {
        ...{ ...stage, kubeconfig: stage.scene.cluster.kubeconfig, folder: folder.path },
        async finishedAt(image) {
          const [row] = await stage.db.query<{ at: string }>(FINISHED, [image]);
          if (row === undefined) throw new Error(`no run of ${image}`);
          return Number(row.at);
        },
      },
      { tool, ...LOAD },
    );
    expect(load.failed).toEqual([]);
    expect(load.sent).toBeGreaterThan((LOAD.perSecond * LOAD.afterMs) / 1_000);
    expect(marginsMs.length).toBeGreaterThanOrEqual(2 * LOAD.rollouts);
    expect(Math.min(...marginsMs)).toBeGreaterThan(0);
  },
);
