import { readFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ready } from "./components.ts";

const patience = 120_000;

/** Returns when the component is ready. Throws if it ends before (`ended` tells how), or isn't within two minutes. */
export async function untilReady(ready: Ready, ended: Promise<string>): Promise<void> {
  let end: string | undefined;
  void ended.then((how) => (end = how));
  const start = performance.now();
  for (;;) {
    if (ready.kind === "ended" && end === "exit code 0") return;
    if (end !== undefined) throw new Error(`ended before it was ready: ${end}`);
    if (await isReady(ready)) return;
    if (performance.now() - start > patience) throw new Error(`not ready after ${patience / 1000} s`);
    await sleep(50);
  }
}

async function isReady(ready: Ready): Promise<boolean> {
  switch (ready.kind) {
    case "ended":
      return false;
    case "listens":
      return await listens(ready.socket);
    case "answers":
      return await answers(ready);
    default:
      throw new Error(`no such kind of readiness: ${JSON.stringify(ready satisfies never)}`);
  }
}

async function listens(socket: string): Promise<boolean> {
  const [host, port] = socket.split(":");
  const client = port === undefined ? connect(socket) : connect(Number(port), host);
  return await new Promise<boolean>((resolve) => {
    client.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).finally(() => client.destroy());
}

async function answers({ url, matches, certificate }: Ready & { kind: "answers" }): Promise<boolean> {
  const identity =
    certificate === undefined
      ? {}
      : { cert: readFileSync(`${certificate}.crt`), key: readFileSync(`${certificate}.key`) };
  // Not verified: it is asked whether it is up, and some of them make their own certificate.
  const options = { ...identity, rejectUnauthorized: false, timeout: 5_000, agent: false as const };
  const request = url.startsWith("https:") ? secureRequest(url, options) : plainRequest(url, options);
  return await new Promise<boolean>((resolve) => {
    request.once("error", () => resolve(false)).once("timeout", () => request.destroy());
    request.once("response", (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.once("error", () => resolve(false));
      response.once("close", () => {
        resolve(response.statusCode === 200 && (matches === undefined || new RegExp(matches).test(body)));
      });
    });
    request.end();
  });
}
