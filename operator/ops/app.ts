import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { Context, MiddlewareHandler } from "hono";
import { answerOps, refusal } from "../../contract/ops-answer.ts";
import type { OpsBackend } from "../../contract/ops-answer.ts";
import type { Log } from "../log.ts";
import type { Hold } from "./hold.ts";
import type { Limit } from "./limit.ts";

/** Node's own request and response stand beside the standard one, as `c.env.incoming` and `c.env.outgoing`. */
export type OpsEnv = { Bindings: Partial<HttpBindings> };

export type OpsDeps = OpsBackend & {
  limit: Limit;
  hold: Hold;
  /** What `/metrics` answers. */
  metrics: () => Promise<{ contentType: string; body: Uint8Array<ArrayBuffer> }>;
  /** The OpenAPI document, as JSON. */
  openApi: () => string;
  log: Pick<Log, "error">;
};

/** Where the endpoint is, and what describes it. */
export const OPS_PATH = "/api/ops/migrations";
export const OPENAPI_PATH = "/api/ops/openapi.json";

/**
 * The operator's ops endpoint and metrics. What else is served on the port is mounted on what this returns
 * (`app.route("/", pages)`): whoever asks too often is refused before it is asked. A page that compares a token tells the
 * limit of the outcome, as here.
 */
export function createOpsApp({ token, answer, limit, hold, metrics, openApi, log }: OpsDeps): Hono<OpsEnv> {
  const app = new Hono<OpsEnv>();
  app.use(limited(limit));

  app.all(OPS_PATH, async (c) => {
    let busy = false;
    const held: OpsBackend["answer"] = async (query, takes) => {
      const given = await answer(query, takes);
      busy = typeof given.body !== "string" && !hold(given.body, c.env.outgoing);
      return given;
    };
    const response = await answerOps(c.req.raw, { token, answer: held });
    if (response.status === 401) limit.wrong(addressOf(c.env));
    else if (response.status !== 404 && response.status !== 405) limit.right(addressOf(c.env));
    return busy ? tooBusy(c) : response;
  });

  app.all(OPENAPI_PATH, async (c) => {
    if ((await token()) === null) return notFound(c);
    if (!isRead(c)) return notAllowed(c);
    return given(c, openApi(), "application/json; charset=utf-8");
  });

  // Without a token: what is in it are counts, and names of resources. The chart's NetworkPolicy says who gets here.
  app.all("/metrics", async (c) => {
    if (!isRead(c)) return notAllowed(c);
    const { contentType, body } = await metrics();
    return hold(body, c.env.outgoing) ? given(c, body, contentType) : tooBusy(c);
  });

  app.notFound(notFound);
  app.onError((error, c) => {
    log.error({ error, path: c.req.path }, "a bug in Lockkeeper");
    return refusal(isHead(c), 500, "INTERNAL", "a bug in Lockkeeper; the operator's log tells more");
  });
  return app;
}

/** Of the connection: what a header says of it anybody may write. "" where there is none. */
export const addressOf = (env: Partial<HttpBindings>): string => env.incoming?.socket.remoteAddress ?? "";

const limited =
  (limit: Limit): MiddlewareHandler<OpsEnv> =>
  async (c, next) => {
    const seconds = limit.ask(addressOf(c.env));
    if (seconds === 0) return await next();
    const again = { "retry-after": String(seconds) };
    return refusal(isHead(c), 429, "TOO_MANY_REQUESTS", `ask again in ${seconds} s`, again);
  };

type Asked = Context<OpsEnv>;

const isHead = (c: Asked): boolean => c.req.method === "HEAD";
const isRead = (c: Asked): boolean => c.req.method === "GET" || isHead(c);
const notFound = (c: Asked): Response => refusal(isHead(c), 404, "NOT_FOUND", "there is nothing here");
const notAllowed = (c: Asked): Response =>
  refusal(isHead(c), 405, "METHOD_NOT_ALLOWED", "use GET or HEAD", { allow: "GET, HEAD" });
const tooBusy = (c: Asked): Response =>
  refusal(isHead(c), 503, "BUSY", "too many read too slowly", { "retry-after": "5" });

const given = (c: Asked, body: string | Uint8Array<ArrayBuffer>, contentType: string): Response =>
  new Response(isHead(c) ? null : body, {
    headers: { "content-type": contentType, "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
