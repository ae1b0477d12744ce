// A user's server without a framework: mounts the ops payload and writes the port that it listens on.
import { createServer } from "node:http";
import { opsMigrations } from "lockkeeper/ops";

const ops = opsMigrations({ dir: process.argv[2], runLogTable: process.argv[3] });

const server = createServer(async (incoming, outgoing) => {
  const url = new URL(incoming.url ?? "/", "http://localhost");
  const response = await ops(new Request(url, { method: incoming.method, headers: new Headers(incoming.headers) }));
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(Buffer.from(await response.arrayBuffer()));
});

server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
process.once("SIGTERM", () => server.close(() => process.exit(0)));
