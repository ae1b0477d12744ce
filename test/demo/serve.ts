import { once } from "node:events";
import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export type Served = AsyncDisposable & { url: string };

/** A web-standard handler in Node's own HTTP server, on loopback: all that an app needs to mount the ops endpoint. */
export async function serve(handler: (request: Request) => Promise<Response>): Promise<Served> {
  const server = createServer((incoming, outgoing) => {
    const headers = new Headers(
      Object.entries(incoming.headers).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const request = new Request(new URL(incoming.url ?? "/", "http://localhost"), {
      method: incoming.method ?? "GET",
      headers,
    });
    void answer(handler, request, outgoing);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(
  handler: (request: Request) => Promise<Response>,
  request: Request,
  outgoing: ServerResponse,
): Promise<void> {
  const response = await handler(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
}
