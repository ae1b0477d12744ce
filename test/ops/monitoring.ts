/** Prometheus and Alertmanager as examples/monitoring has them, with other addresses and shorter intervals. */
import { once } from "node:events";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { startDaemon } from "./daemon.ts";
import { RULES } from "./story.ts";

const example = async (file: string): Promise<unknown> =>
  parse(await readFile(fileURLToPath(new URL(`../../examples/monitoring/${file}`, import.meta.url)), "utf8"));

/** One alert in a message that a receiver got. */
export type Told = {
  receiver: string;
  /** The path it was sent to. */
  path: string;
  status: "firing" | "resolved";
  labels: Record<string, string>;
  annotations: Record<string, string>;
};

export type Monitoring = AsyncDisposable & {
  /** All that was sent to whoever is to be told, oldest first. */
  told: Told[];
  /** Of Prometheus' HTTP API: what it answers to a query, or throws its error. */
  query(path: "query" | "query_range", parameters: Record<string, string>): Promise<Series[]>;
};

export type Series = { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] };

type Prometheus = {
  global: { scrape_interval: string; evaluation_interval: string };
  alerting: { alertmanagers: [{ static_configs: [{ targets: string[] }] }] };
  scrape_configs: [{ dns_sd_configs?: unknown; static_configs?: unknown }];
};
type Alertmanager = {
  route: { group_wait: string; group_interval: string };
  receivers: { webhook_configs: { url: string }[] }[];
};

/** Asks the operator whose metrics are at `target` (HOST:PORT) each second. */
export async function startMonitoring(target: string): Promise<Monitoring> {
  await using stack = new AsyncDisposableStack();
  const told: Told[] = [];
  const take = async (request: IncomingMessage): Promise<void> => {
    const message = JSON.parse(await text(request)) as { receiver: string; alerts: Told[] };
    told.push(...message.alerts.map((alert) => ({ ...alert, receiver: message.receiver, path: request.url ?? "" })));
  };
  const receiver = createServer((request, response) => {
    // Alertmanager sends what wasn't taken again.
    const answer = (status: number) => response.writeHead(status).end();
    take(request).then(
      () => answer(200),
      () => answer(500),
    );
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  stack.defer(() => {
    receiver.close();
    receiver.closeAllConnections();
  });
  const { port } = receiver.address() as AddressInfo;

  const alertmanager = stack.use(
    await startDaemon("prometheus-alertmanager", async (folder, address) => {
      const config = (await example("alertmanager.yml")) as Alertmanager;
      Object.assign(config.route, { group_wait: "1s", group_interval: "1s" });
      for (const { webhook_configs: hooks } of config.receivers) {
        for (const hook of hooks) hook.url = `http://127.0.0.1:${port}${new URL(hook.url).pathname}`;
      }
      const file = join(folder, "alertmanager.yml");
      await writeFile(file, stringify(config));
      const data = [`--storage.path=${join(folder, "data")}`, "--cluster.listen-address="];
      return [`--config.file=${file}`, ...data, `--web.listen-address=${address}`];
    }),
  );
  const prometheus = stack.use(
    await startDaemon("prometheus", async (folder, address) => {
      const config = (await example("prometheus.yml")) as Prometheus;
      Object.assign(config.global, { scrape_interval: "1s", evaluation_interval: "1s" });
      config.alerting.alertmanagers[0].static_configs[0].targets = [alertmanager.address];
      const [job] = config.scrape_configs;
      delete job.dns_sd_configs;
      job.static_configs = [{ targets: [target] }];
      const file = join(folder, "prometheus.yml");
      await writeFile(file, stringify(config));
      await copyFile(RULES, join(folder, "alerts.yaml"));
      return [
        ...[`--config.file=${file}`, `--storage.tsdb.path=${join(folder, "data")}`],
        `--web.listen-address=${address}`,
      ];
    }),
  );
  const kept = stack.move();
  return {
    told,
    async query(path, parameters) {
      const body = new URLSearchParams(parameters);
      const response = await fetch(`http://${prometheus.address}/api/v1/${path}`, { method: "POST", body });
      const answer = (await response.json()) as { data?: { result: Series[] }; error?: string };
      if (answer.data === undefined) throw new Error(`${parameters["query"] ?? ""}: ${answer.error ?? ""}`);
      return answer.data.result;
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}
