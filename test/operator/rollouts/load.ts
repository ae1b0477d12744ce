/**
 * Asks an address so often a second, each time by a new connection and once. `GET /result` ends it and tells what came of
 * it. A program of its own, in a pod: requests take the way that those of other pods take.
 */
import { createServer, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What came of the load. `failed`: the first of those that weren't answered with 200. */
export type Result = { sent: number; failures: number; failed: string[]; slowestMs: number };

const [url = "", perSecond = "1"] = process.argv.slice(2);
const MOST_TOLD = 20;
const result: Result = { sent: 0, failures: 0, failed: [], slowestMs: 0 };
let open = 0;

function ask(): void {
  const sentAt = performance.now();
  result.sent++;
  open++;
  let isTold = false;
  const told = (failure: string | null): void => {
    if (isTold) return;
    isTold = true;
    open--;
    result.slowestMs = Math.max(result.slowestMs, performance.now() - sentAt);
    if (failure === null) return;
    result.failures++;
    if (result.failed.length < MOST_TOLD) result.failed.push(`${new Date().toISOString()} ${failure}`);
  };
  const asked = request(url, { agent: false, headers: { connection: "close" }, timeout: 10_000 }, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (part: string) => (text += part));
    answer.on("end", () => told(answer.statusCode === 200 ? null : `${answer.statusCode} ${text.slice(0, 200)}`));
    answer.on("error", (error) => told(String(error)));
  });
  asked.on("timeout", () => asked.destroy(new Error("no answer in 10 s")));
  asked.on("error", (error) => told(String(error)));
  asked.end();
}

const answers = async (): Promise<boolean> =>
  await new Promise((resolve) => {
    const asked = request(url, { agent: false, headers: { connection: "close" }, timeout: 1_000 }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode === 200));
    });
    asked.on("timeout", () => asked.destroy());
    // What broke is closed, before an answer or within one.
    asked.on("error", () => {});
    asked.on("close", () => resolve(false));
    asked.end();
  });

let timer: NodeJS.Timeout | undefined;

/** A new Service refuses connections until this node's proxy knows its pods. From the first answer on everything counts. */
async function begin(): Promise<void> {
  while (!(await answers())) await sleep(50);
  const began = performance.now();
  timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1_000) * Number(perSecond));
    while (result.sent < due) ask();
  }, 5);
}
void begin();

createServer((incoming, outgoing) => {
  if (incoming.url !== "/result") return void outgoing.end(JSON.stringify(result));
  clearInterval(timer);
  const wait = setInterval(() => {
    if (open > 0) return;
    clearInterval(wait);
    outgoing.end(JSON.stringify(result));
  }, 10);
}).listen(8081);
