/** `npm run cluster`: a cluster that stays up, for work by hand and for tests that are run again and again. */
import { parseArgs } from "node:util";
import { clusterFind, clusterUp, providers } from "./cluster.ts";
import type { Cluster, Size } from "./provider.ts";

const usage = `npm run cluster -- COMMAND [--name NAME]
  up [--size full|control-plane] [--nodes N] [--provider named|kind|local]
                 starts it and returns when it is ready; if it is up already, nothing changes
  down           takes it away
  status         the clusters that are up, their components and where the logs are
  load IMAGE     brings an image to its nodes: an archive (*.tar) or a local engine's image
  kubeconfig     prints the path of its kubeconfig
  kubectl ...    runs kubectl on it; --name stands before it
The name is "dev" unless it is given. Without --size it is full.`;

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      name: { type: "string", default: "dev" },
      size: { type: "string", default: "full" },
      nodes: { type: "string", default: "1" },
      provider: { type: "string" },
    },
  });
  const [command, image] = positionals;
  switch (command) {
    case "up": {
      const { name, provider } = values;
      const options = { name, size: sizeOf(values.size), nodes: Number(values.nodes), keep: true };
      const cluster = await clusterUp(provider === undefined ? options : { ...options, provider });
      console.log(
        `${cluster.name} (${cluster.provider}, ${cluster.size}) ${cluster.created ? "is up" : "was up already"}`,
      );
      console.log(`export KUBECONFIG=${cluster.kubeconfig}`);
      return 0;
    }
    case "down":
      for (const provider of providers) {
        if ((await provider.unavailable("full")) === null || provider.name === "local")
          await provider.down(values.name);
      }
      return 0;
    case "status":
      return await status();
    case "load":
      if (image === undefined) break;
      await (await running(values.name)).load(image);
      return 0;
    case "kubeconfig":
      console.log((await running(values.name)).kubeconfig);
      return 0;
    default:
  }
  console.error(usage);
  return 2;
}

async function status(): Promise<number> {
  const all = (await Promise.all(providers.map((provider) => provider.status()))).flat();
  for (const { name, size, running: isRunning, lines } of all) {
    console.log([`${name} (${size}) ${isRunning ? "is up" : "is not up"}`, ...lines].join("\n  "));
  }
  if (all.length === 0) console.log("no cluster");
  return 0;
}

function sizeOf(text: string): Size {
  if (text === "full" || text === "control-plane") return text;
  throw new Error(`--size is full or control-plane, not ${text}.`);
}

async function running(name: string): Promise<Cluster> {
  const cluster = await clusterFind(name);
  if (cluster === null) throw new Error(`The cluster ${name} is not up: npm run cluster -- up --name ${name}`);
  return cluster;
}

/** `[--name NAME] kubectl ...`: what follows are kubectl's own options, not ours to read. */
function kubectlOf(args: string[]): { name: string; rest: string[] } | null {
  const [name, from] = args[0] === "--name" ? [args[1] ?? "", 2] : ["dev", 0];
  return args[from] === "kubectl" ? { name, rest: args.slice(from + 1) } : null;
}

try {
  const args = process.argv.slice(2);
  const kubectl = kubectlOf(args);
  if (kubectl === null) process.exitCode = await main(args);
  else process.stdout.write(await (await running(kubectl.name)).kubectl(...kubectl.rest));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
