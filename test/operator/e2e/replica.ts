/** What one of the operator's pods answers, asked from within it. */
import type { ChartScene } from "./chart-scene.ts";

type Answer = { status: number; text: string };

/** `own`: its own endpoint with the token; `none`: with another one. `service`: whoever the Service chooses. */
export type Answers = Record<"own" | "service" | "none" | "metrics", Answer>;

/** Asks for what is in `about`. */
export async function answersOf({ kubectl, namespace }: ChartScene, pod: string, about: string): Promise<Answers> {
  const command = ["/nodejs/bin/node", "--eval", ASK, `http://lockkeeper-ops.${namespace}:8080`, about];
  return JSON.parse(await kubectl("exec", pod, "--", ...command)) as Answers;
}

/** Runs in the operator's own container, which has the token as a file. */
const ASK = `
  const [, serviceUrl, about] = process.argv;
  const token = require("node:fs").readFileSync("/etc/lockkeeper/ops/token", "utf8").trim();
  const ask = async (url, authorization) => {
    const answer = await fetch(url, { headers: { authorization } });
    return { status: answer.status, text: await answer.text() };
  };
  (async () => {
    const path = "/api/ops/migrations?namespace=" + about;
    const own = await ask("http://127.0.0.1:8080" + path, "Bearer " + token);
    const service = await ask(serviceUrl + path, "Bearer " + token);
    const none = await ask("http://127.0.0.1:8080" + path, "Bearer wrong");
    const metrics = await ask("http://127.0.0.1:8080/metrics", "");
    console.log(JSON.stringify({ own, service, none, metrics }));
  })();
`;
