/** What of the example app answers for its health, on Node's own server: a build of Next.js would take minutes. */
import { createServer } from "node:http";
import { GET } from "../../../examples/workoutlog/app/api/health/route.ts";

createServer((_request, response) => {
  void GET().then(async (answer) => response.writeHead(answer.status).end(await answer.text()));
}).listen(3_000);

process.once("SIGTERM", () => process.exit());
