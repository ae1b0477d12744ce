/** Configurations as people have them: several files, several contexts, programs that authenticate. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { loadConfig } from "./kubeconfig.ts";

type Entry = Record<string, unknown>;

async function file(name: string, contexts: string[], current: string, user: Entry = { token: "t" }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-kubeconfig-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const content = {
    clusters: [{ name, cluster: { server: `https://${name}.example`, "certificate-authority-data": "Y2E=" } }],
    users: [{ name, user }],
    contexts: contexts.map((context) => ({ name: context, context: { cluster: name, user: name } })),
    "current-context": current,
  };
  await writeFile(join(folder, name), JSON.stringify(content));
  return join(folder, name);
}

it("several files are one, of which the first counts; one that isn't there is passed over", async () => {
  const kubeconfig = ["/nowhere", await file("a", ["one", "two"], "two"), await file("b", ["two", "three"], "three")];
  const config = loadConfig({ kubeconfig, inCluster: false });
  expect(config.getCurrentContext()).toBe("two");
  expect(config.getCurrentCluster()?.server).toBe("https://a.example");
  expect(config.getContexts().map(({ name }) => name)).toEqual(["one", "two", "three"]);
  expect(() => loadConfig({ kubeconfig: ["/nowhere"], inCluster: false })).toThrow("names no file that is there");
});

it("another context than the current one can be named; one that isn't there is told with those that are", async () => {
  const kubeconfig = [await file("a", ["one"], "one"), await file("b", ["two"], "two")];
  const config = loadConfig({ kubeconfig, inCluster: false, context: "two" });
  expect(config.getCurrentCluster()?.server).toBe("https://b.example");
  const wrong = { kubeconfig, inCluster: false, context: "three" };
  expect(() => loadConfig(wrong)).toThrow('no context "three", but one, two');
});

const exec = (more: Entry): Entry => ({
  exec: { apiVersion: "client.authentication.k8s.io/v1", command: "sh", ...more },
});

it("a program that authenticates is told that nobody answers it, and which cluster it is for", async () => {
  const echo = `echo '{"status":{"token":"'$(echo "$KUBERNETES_EXEC_INFO" | base64 | tr -d '\\n')'"}}'`;
  const user = exec({ args: ["-c", echo], interactiveMode: "IfAvailable", provideClusterInfo: true });
  const config = loadConfig({ kubeconfig: await file("a", ["one"], "one", user), inCluster: false });
  const options: { headers?: Record<string, string> } = {};
  await config.applyToHTTPSOptions(options);
  const [, token = ""] = options.headers?.["Authorization"]?.split(" ") ?? [];
  expect(JSON.parse(Buffer.from(token, "base64").toString())).toEqual({
    ...{ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential" },
    spec: {
      interactive: false,
      cluster: expect.objectContaining({
        server: "https://a.example",
        "certificate-authority-data": "Y2E=",
      }) as unknown,
    },
  });
});

it("one that can't do without a person is refused, with what to do", async () => {
  const kubeconfig = await file("a", ["one"], "one", exec({ interactiveMode: "Always" }));
  expect(() => loadConfig({ kubeconfig, inCluster: false })).toThrow(/"sh" wants a terminal.*use a context/);
});
