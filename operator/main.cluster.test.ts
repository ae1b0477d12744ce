/** The program as a process, on a real API server and under its own account. */
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clusterUp } from "../test/cluster/cluster.ts";
import type { Cluster } from "../test/cluster/provider.ts";
import { installOperator } from "../test/operator/install.ts";
import type { Installed } from "../test/operator/install.ts";
import { startOperator } from "../test/operator/operator-process.ts";
import { VERSION } from "../contract/version.ts";

const namespace = "main-test";
let cluster: Cluster;
let installed: Installed;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  installed = await installOperator(cluster, { namespace });
});

afterAll(async () => {
  await installed[Symbol.asyncDispose]();
  await cluster.kubectl("delete", "namespace", namespace, "--wait=false");
  await cluster.down();
});

const start = async (pod: string, more = {}) =>
  await startOperator({ kubeconfig: installed.kubeconfig, namespace, watch: [namespace], pod, ...more });

const holder = async (): Promise<string> =>
  await cluster.kubectl(
    ...["get", "lease", "lockkeeper-operator", "-n", namespace, "--ignore-not-found"],
    "--output=jsonpath={.spec.holderIdentity}",
  );

function ran(args: string[], env: Record<string, string> = {}) {
  const program = fileURLToPath(new URL("main.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { env, encoding: "utf8" });
  return { status, stdout, stderr };
}

test("it prints its version and its help, and refuses settings by one line", () => {
  expect(ran(["--version"])).toEqual({ status: 0, stdout: `${VERSION}\n`, stderr: "" });
  expect(ran(["--help"])).toMatchObject({ status: 0, stdout: expect.stringContaining("--runner-image IMAGE") });
  const { status, stdout } = ran([]);
  expect(status).toBe(78);
  expect(JSON.parse(stdout)).toMatchObject({
    level: "fatal",
    error: expect.stringContaining("POD_NAMESPACE isn't set"),
  });
  const settings = { LOCKKEEPER_RUNNER_IMAGE: "x", POD_NAMESPACE: namespace, KUBECONFIG: "/nowhere/kubeconfig" };
  const unreachable = ran([], settings);
  expect(unreachable.status).toBe(78);
  expect(unreachable.stdout).toContain("/nowhere/kubeconfig");
});

test.each(["SIGTERM", "SIGINT"] as const)("%s ends it with 0 and the lease released", async (signal) => {
  await using operator = await start("leader");
  await operator.line(({ msg }) => msg === "leading");
  expect(await operator.stop(signal)).toEqual({ code: 0, signal: null });
  expect(await holder()).toBe("");
});

test("a right that is missing ends it with 78 and a last line that names it", async () => {
  const env = { LOCKKEEPER_NAMESPACES: "default" };
  await using operator = await start("stranger", { env, wait: false, forbidden: /default/ });
  expect((await operator.ended).code).toBe(78);
  expect(operator.lines.at(-1)).toMatchObject({
    msg: "misconfigured",
    error: expect.stringContaining("in the namespace default"),
  });
});

test("a process that was stopped past its lease ends with 75 when it goes on, and another one leads", async () => {
  await using old = await start("old");
  await old.line(({ msg }) => msg === "leading");
  await using next = await start("next");
  old.child.kill("SIGSTOP");
  await next.line(({ msg }) => msg === "leading");
  old.child.kill("SIGCONT");
  expect((await old.ended).code).toBe(75);
  expect(old.lines.some(({ msg }) => msg === "lease lost")).toBe(true);
  await sleep(100);
  expect(await holder()).toBe("next");
});
