import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { answerOps, refusal } from "../../contract/ops-answer.ts";
import type { OpsBackend } from "../../contract/ops-answer.ts";
import type { Limit } from "./limit.ts";

/** Node's own request and response stand beside the standard one, as `c.env.incoming` and `c.env.outgoing`. */
export type OpsEnv = { Bindings: HttpBindings };

export type OpsDeps = OpsBackend & {
  limit: Limit;
  /** What `/metrics` answers. */
  metrics: () => Promise<{ contentType: string; text: string }>;
};

/** Where the endpoint is. */
export const OPS_PATH = "/api/ops/migrations";

/**
 * The operator's ops endpoint and metrics. What else is served on the port is mounted on what this returns
 * (`app.route("/", pages)`): whoever asks too often is refused before it is asked. A page that compares a token tells the
 * limit of the outcome, as here.
 */
export function createOpsApp({ token, answer, limit, metrics }: OpsDeps): Hono<OpsEnv> {
  const app = new Hono<OpsEnv>();

  app.use(async (c, next) => {
    const seconds = limit.ask(addressOf(c.env));
    if (seconds === 0) return await next();
    const again = { "retry-after": String(seconds) };
    return refusal(c.req.method === "HEAD", 429, "TOO_MANY_REQUESTS", `ask again in ${seconds} s`, again);
  });

  app.all(OPS_PATH, async (c) => {
    const response = await answerOps(c.req.raw, { token, answer });
    if (response.status === 401) limit.wrong(addressOf(c.env));
    else if (response.status !== 404 && response.status !== 405) limit.right(addressOf(c.env));
    return response;
  });

  app.get("/metrics", async () => {
    const { contentType, text } = await metrics();
    return new Response(text, { headers: { "content-type": contentType, "cache-control": "no-store" } });
  });

  app.notFound((c) => refusal(c.req.method === "HEAD", 404, "NOT_FOUND", "there is nothing here"));
  return app;
}

/** Of the connection: what a header says of it anybody may write. "" where there is none. */
export const addressOf = (env: Partial<HttpBindings> | undefined): string => env?.incoming?.socket.remoteAddress ?? "";
