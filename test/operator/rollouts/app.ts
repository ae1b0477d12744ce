/**
 * A small web app of which each release reads a column that its own migration brings. It ends as apps in Kubernetes
 * should: it serves on while it is told to stop, until nobody is there any more.
 */
import { createServer } from "node:http";
import pg from "pg";

const release = Number(process.env["RELEASE"]);

// Before anything else: when the process began, by the machine's clock.
console.log(JSON.stringify({ startedAt: performance.timeOrigin, release }));

const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"], max: 4 });
pool.on("error", () => {});

const server = createServer((request, response) => {
  pool.query(`select r${release} as value from items where id = 1`).then(
    ({ rows }) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ release, value: (rows as { value: number }[])[0]?.value }));
    },
    (error: unknown) => {
      response.writeHead(request.url === "/ready" ? 503 : 500);
      response.end(String(error));
    },
  );
});
server.listen(8080);

process.once("SIGTERM", () => {
  server.close(() => void pool.end().then(() => process.exit(0)));
});
