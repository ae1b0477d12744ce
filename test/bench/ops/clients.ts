/**
 * Those who ask, in a process of their own: node clients.ts URL PATH TOKEN-FILE CLIENTS EVERY-MS SECONDS. Each has an
 * address and a connection of its own, and asks anew at its time whether others wait or not. Prints JSON: ms of each answer.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../operator/client.ts";

export type Asked = { ms: number[]; bytes: number };

const [base = "", path = "", file = "", clients = "1", everyMs = "1000", seconds = "1"] = process.argv.slice(2);
const authorization = `Bearer ${readFileSync(file, "utf8").trim()}`;
// As browsers and fetch ask; what is measured is when the last byte is there.
const headers = { authorization, "accept-encoding": "gzip" };
const period = Number(everyMs);
const asked: Asked = { ms: [], bytes: 0 };

async function ask(agent: Agent, localAddress: string): Promise<void> {
  const begun = now();
  const sent = request(new URL(path, base), { agent, localAddress, headers }).end();
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
  let bytes = 0;
  answer.on("data", (part: Buffer) => (bytes += part.length));
  await once(answer, "end");
  asked.ms.push(now() - begun);
  asked.bytes = bytes;
}

async function client(index: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const address = `127.0.0.${index + 10}`;
  // The first one makes the connection, and isn't counted.
  await ask(agent, address);
  asked.ms.pop();
  const first = now() + (index * period) / Number(clients);
  for (let time = 0; time < (Number(seconds) * 1_000) / period; time++) {
    await sleep(Math.max(0, first + time * period - now()));
    await ask(agent, address);
  }
  agent.destroy();
}

await Promise.all(Array.from({ length: Number(clients) }, async (_, index) => await client(index)));
process.stdout.write(JSON.stringify(asked));
