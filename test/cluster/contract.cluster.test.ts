/** What each provider of a cluster promises. Run for those that can be had here; the others say why not. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildImage } from "../../build/image.ts";
import { providers } from "./cluster.ts";
import { javascript, podOf, runJob } from "./job.ts";
import type { Cluster, Provider } from "./provider.ts";

const minutes = 60_000;
const namespace = "contract";
const packageFile = new URL("../../package.json", import.meta.url);
const { version } = JSON.parse(await readFile(packageFile, "utf8")) as { version: string };

for (const provider of providers) {
  const reason = await provider.unavailable("full");
  describe(provider.name, () => {
    it("can run here", (context) => context.skip(reason !== null, reason ?? ""));
    if (reason === null) contract(provider);
  });
}

function contract(provider: Provider) {
  const options = { name: `contract-${process.pid}`, size: "full", nodes: 2 } as const;
  let cluster: Cluster;
  let image: string;

  const job = async (name: string, code: string, pod = {}, volumeMounts: unknown[] = []) =>
    await runJob(cluster, { namespace, name, container: { image, command: javascript(code), volumeMounts }, pod });

  beforeAll(async () => {
    const built = await buildImage("localhost/lockkeeper:contract");
    image = built.tag;
    cluster = await provider.up(options);
    await cluster.load(built.archive);
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } });
  }, 30 * minutes);

  afterAll(async () => {
    await cluster.kubectl("delete", "namespace", namespace, "--wait=false");
    await cluster.down();
  }, 2 * minutes);

  it("runs a Job with our image to its end, and gives its termination message and its log", async () => {
    const code = `import { writeFileSync } from "node:fs";
      writeFileSync("/dev/termination-log", "the message");
      console.log("the log of user", process.getuid());`;
    const outcome = await job("ends", code);
    expect(outcome).toMatchObject({ succeeded: true, message: "the message", log: "the log of user 65532\n" });
  });

  it("runs the image's own program, the runner", async () => {
    const outcome = await runJob(cluster, { namespace, name: "runner", container: { image, args: ["--version"] } });
    expect(outcome).toMatchObject({ succeeded: true, log: `${version}\n` });
  });

  it("runs the image's other program, the operator", async () => {
    const command = ["/nodejs/bin/node", "/app/lockkeeper-operator.cjs", "--version"];
    const outcome = await runJob(cluster, { namespace, name: "operator", container: { image, command } });
    expect(outcome).toMatchObject({ succeeded: true, log: `${version}\n` });
  });

  it("gives the exit of a Job that fails", async () => {
    const outcome = await job("fails", `console.error("no"); process.exit(11);`);
    expect(outcome).toMatchObject({ succeeded: false, log: "no\n" });
  });

  it("runs our image with a read-only root", async () => {
    const code = `import { writeFileSync } from "node:fs";
      try { writeFileSync("/app/new", ""); } catch (error) { console.log(error.code); }`;
    expect((await job("read-only", code)).log).toBe("EROFS\n");
  });

  it(
    "resolves a service's name from every node, and the service answers",
    async () => {
      const labels = { app: "web" };
      const code = `import { createServer } from "node:http";
      createServer((_, response) => response.end("served")).listen(8080);`;
      await cluster.apply(deployment("web", image, code), {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "web", namespace },
        spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
      });
      await cluster.kubectl("rollout", "status", "deployment/web", "-n", namespace, "--timeout=60s");
      for (const [position, node] of (await nodes(cluster)).entries()) {
        const ask = `for (let tries = 0; ; tries++) {
        const response = await fetch("http://web.${namespace}").catch((error) => error);
        if (response.ok) { console.log(await response.text()); break; }
        if (tries === 50) throw response;
        await new Promise((resume) => setTimeout(resume, 200));
      }`;
        const outcome = await job(`asks-${position}`, ask, { nodeName: node });
        expect(outcome).toMatchObject({ log: "served\n", node });
      }
    },
    2 * minutes,
  );

  it("mounts an image as a volume", async () => {
    const pod = { volumes: [{ name: "source", image: { reference: image, pullPolicy: "Never" } }] };
    const mount = { name: "source", mountPath: "/source", subPath: "app" };
    const code = `import { readdirSync } from "node:fs"; console.log(readdirSync("/source").includes("lockkeeper.cjs"));`;
    expect((await job("image-volume", code, pod, [mount])).log).toBe("true\n");
  });

  it("lets pods reach a server on this machine at the host's address", async () => {
    const server = createServer((socket) => socket.end("from the host"));
    await new Promise<void>((listening) => server.listen(0, cluster.hostAddress, listening));
    try {
      const { port } = server.address() as AddressInfo;
      const code = `import { connect } from "node:net"; connect(${port}, "${cluster.hostAddress}").pipe(process.stdout);`;
      expect((await job("asks-host", code)).log).toBe("from the host");
    } finally {
      server.close();
    }
  });

  it("changes nothing by a second up", async () => {
    const identity = async () => await cluster.kubectl("get", "nodes,namespaces", "--output=jsonpath={..metadata.uid}");
    const before = await identity();
    const again = await provider.up(options);
    expect(again.created).toBe(false);
    expect(again.kubeconfig).toBe(cluster.kubeconfig);
    expect(await identity()).toBe(before);
  });

  it(
    "starts a pod on the other node when it is evicted from the first",
    async (context) => {
      if (cluster.nodes < 2) context.skip("the cluster has one node");
      await cluster.apply(deployment("evicted", image, "setInterval(() => {}, 1000);"));
      const first = await nodeOf(cluster, "evicted");
      await cluster.kubectl("cordon", first);
      await cluster.kubectl("drain", first, "--pod-selector=app=evicted", "--timeout=60s");
      const second = await nodeOf(cluster, "evicted", first);
      await cluster.kubectl("uncordon", first);
      expect(second).not.toBe(first);
      expect(await nodes(cluster)).toContain(second);
    },
    2 * minutes,
  );
}

function deployment(name: string, image: string, code: string) {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: podOf({ image, command: javascript(code) }) };
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name, namespace }, spec };
}

async function nodes(cluster: Cluster): Promise<string[]> {
  return (await cluster.kubectl("get", "nodes", "--output=jsonpath={.items[*].metadata.name}")).split(" ");
}

/** Where the app's running pod is; `not`: on another node than this one. */
async function nodeOf(cluster: Cluster, app: string, not = ""): Promise<string> {
  const query = "--output=jsonpath={.items[*].spec.nodeName}";
  const selectors = [`--selector=app=${app}`, "--field-selector=status.phase=Running"];
  for (let tries = 0; tries < 300; tries++, await sleep(200)) {
    const found = (await cluster.kubectl("get", "pods", "-n", namespace, ...selectors, query)).split(" ");
    const node = found.find((each) => each !== "" && each !== not);
    if (node !== undefined) return node;
  }
  throw new Error(`No pod of ${app} runs within a minute`);
}
