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

async function answer(url: string): Promise<{ status: number; body: string }> {
  try {
    const { rows } = await pool.query<{ value: number }>(`select r${release} as value from items where id = 1`);
    return { status: 200, body: JSON.stringify({ release, value: rows[0]?.value }) };
  } catch (error) {
    return { status: url === "/ready" ? 503 : 500, body: String(error) };
  }
}

const server = createServer((request, response) => {
  void answer(request.url ?? "").then(({ status, body }) => response.writeHead(status).end(body));
});
server.listen(8080);

process.once("SIGTERM", () => {
  server.close(() => void pool.end().then(() => process.exit(0)));
});
