/** The way to the operator's dashboard: a token that was made for this demo, and a port of this machine. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { anyKubectl } from "../cluster/kubectl.ts";
import type { Cluster } from "../cluster/provider.ts";

const SECRET = "lockkeeper-ops";

export type Dashboard = {
  token: string;
  /** Of the operator's chart. */
  values: Record<string, string>;
  /** Opens the way, until the stack's end. Gives the address. */
  forward(stack: AsyncDisposableStack): Promise<string>;
};

/** Makes the token's Secret in the operator's namespace, and the namespace. */
export async function withToken(cluster: Cluster, namespace: string): Promise<Dashboard> {
  const token = randomBytes(18).toString("base64url");
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: SECRET, namespace } };
  await cluster.apply({ ...secret, stringData: { token } });
  return {
    token,
    values: { "ops.tokenSecret.name": SECRET, "ops.tokenSecret.key": "token" },
    async forward(stack) {
      const [program = "", ...first] = await anyKubectl();
      const args = [...first, `--namespace=${namespace}`, "port-forward", "deployment/lockkeeper", ":8080"];
      const child = spawn(program, args, {
        env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
        stdio: ["ignore", "pipe", "inherit"],
      });
      stack.defer(() => void child.kill());
      for await (const line of createInterface({ input: child.stdout })) {
        const [, address] = /^Forwarding from (127\.0\.0\.1:\d+)/.exec(line) ?? [];
        if (address !== undefined) return `http://${address}/`;
      }
      throw new Error("The way to the operator's port can't be opened.");
    },
  };
}

/** Whether the login takes the token and refuses another one, and the page is there afterwards. */
export async function letsIn(address: string, token: string): Promise<boolean> {
  const ask = async (path: string, options: RequestInit): Promise<Response> =>
    await fetch(new URL(path, address), { redirect: "manual", ...options });
  const login = async (given: string): Promise<Response> =>
    await ask("/login", { method: "POST", body: new URLSearchParams({ token: given }) });
  const wrong = await login(`not-${token}`);
  const right = await login(token);
  const [cookie = ""] = (right.headers.get("set-cookie") ?? "").split(";");
  const page = await ask("/", { headers: { cookie } });
  return wrong.status === 401 && right.status === 303 && page.status === 200;
}
