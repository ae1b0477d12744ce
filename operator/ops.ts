import type { Clock } from "./clock.ts";
import { openDashboard } from "./dashboard/open.ts";
import type { Log } from "./log.ts";
import type { Instruments } from "./metrics/instruments.ts";
import { openMetrics } from "./metrics/metrics.ts";
import { openAnswers } from "./ops/answers.ts";
import { createOpsApp } from "./ops/app.ts";
import { openHold } from "./ops/hold.ts";
import { keeper } from "./ops/kept.ts";
import { openLimit } from "./ops/limit.ts";
import { openApiText } from "./ops/openapi.ts";
import { serveOps } from "./ops/server.ts";
import type { OpsServer } from "./ops/server.ts";
import { tokenFile } from "./ops/token.ts";
import type { OpsView } from "./run.ts";
import type { Settings } from "./settings.ts";

/** `clock`: its wall time is the cluster's. */
type Tools = {
  clock: Clock;
  log: Log;
  instruments: Instruments;
  settings: Settings["ops"];
  /** What is run: the dashboard's files are beside it. */
  program: string;
};

/** Nobody needs metrics more often; making them takes some ms for a thousand resources. */
const METRICS_KEPT = { renewMs: 1_000, keptMs: 1_000, most: 1 };

/** Serves the ops endpoint, the metrics and the dashboard, from the caches. Throws Misconfigured when the port can't be had. */
export async function openOps(
  { clock, log, instruments, settings, program }: Tools,
  view: OpsView,
): Promise<OpsServer> {
  const { caches, leads, queued, subscribe } = view;
  const metrics = openMetrics(instruments, { caches, leads, queued }, clock);
  const keep = keeper<Awaited<ReturnType<typeof metrics>>>(clock, METRICS_KEPT);
  const token = tokenFile(settings.tokenFile, { clock, log });
  const limit = openLimit(clock);
  const app = createOpsApp({
    token,
    answer: openAnswers(caches, clock),
    limit,
    hold: openHold(clock),
    metrics: async () => await keep("", metrics),
    openApi: openApiText,
    log,
  });
  app.route("/", openDashboard({ caches, clock, subscribe, token, limit, log, program }));
  const server = await serveOps(settings.port, app);
  log.info({ port: server.port, endpoint: settings.tokenFile !== null }, "ops is served");
  return server;
}
