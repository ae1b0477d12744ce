/** The way to the operator's dashboard: a token that was made for this demo, and a port of this machine. */
import { randomBytes } from "node:crypto";
import { forward } from "../cluster/forward.ts";
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
      const { origin } = stack.use(await forward(cluster, { namespace, target: "deployment/lockkeeper", port: 8080 }));
      return `${origin}/`;
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
