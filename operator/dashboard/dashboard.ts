/** The dashboard's routes, to be mounted on the operator's ops app. Without a token all of them answer 404. */
import { createHash, timingSafeEqual } from "node:crypto";
import { Hono } from "hono";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { Clock } from "../clock.ts";
import { addressOf } from "../ops/app.ts";
import type { OpsEnv } from "../ops/app.ts";
import type { Assets } from "./assets.ts";
import { isFromHere, SAFE_HEADERS } from "./headers.ts";
import { createHub } from "./hub.ts";
import type { HubDeps } from "./hub.ts";
import { detailOf } from "./make-view.ts";
import type { Seen } from "./make-view.ts";
import { comeAgain, loginPage, shell } from "./pages.ts";
import type { LoginTrouble } from "./pages.ts";
import { cookieName, cookies, isSession, openSession, sessionCookie } from "./session.ts";
import { openStream } from "./stream.ts";

export type DashboardDeps = Pick<HubDeps, "keys" | "subscribe" | "health" | "token" | "failed"> & {
  /** What the caches say of `NAMESPACE/NAME`; null: there is none. */
  look: (key: string) => Seen | null;
  /** Rejects where they weren't built: then the dashboard answers 503, and all else goes on. */
  assets: () => Promise<Assets>;
  /** The ops app's: it refuses, before this is asked, whoever was wrong too often. */
  limit: { right: (address: string) => void; wrong: (address: string) => void };
  clock: Clock;
};

/** Where somebody can be sent after the login. */
const PATH = /^\/(migrations\/[a-z0-9.-]{1,63}\/[a-z0-9.-]{1,253})?$/;
const RESOURCE = "/migrations/:namespace{[a-z0-9.-]+}/:name{[a-z0-9.-]+}";
const LOGIN_BYTES = 4_096;

/** One who is known: `token` is the one that is right at this moment. */
type Asking = Context<OpsEnv>;
type Asked = { context: Asking; token: string; isKnown: boolean; assets: Assets };

export function createDashboard({ look, assets, limit, clock, ...rest }: DashboardDeps): Hono<OpsEnv> {
  const { token } = rest;
  const hub = createHub({
    ...{ ...rest, clock },
    detail(key) {
      const seen = look(key);
      return seen === null ? null : detailOf(seen, new Date(clock.wall()));
    },
  });
  const app = new Hono<OpsEnv>();

  /** Every route goes through here: no token, nothing there. */
  const answer = (respond: (asked: Asked) => Response | Promise<Response>) => async (context: Asking) => {
    const wanted = await token();
    if (wanted === null) return text(404, "there is nothing here");
    const files = await assets().catch(() => null);
    if (files === null) return text(503, "the dashboard's files are missing: node build/dashboard.ts makes them");
    const given = cookies(context.req.header("cookie") ?? "", cookieName(wanted));
    const isKnown = given.some((value) => isSession(value, wanted, clock.wall()));
    const response = await respond({ context, token: wanted, isKnown, assets: files });
    for (const [name, value] of Object.entries(SAFE_HEADERS)) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  };

  const page = answer(({ context, isKnown, assets: files }) => {
    if (isKnown) return html(200, shell(files));
    const login = `/login?to=${encodeURIComponent(context.req.path)}`;
    const isForeign = context.req.header("sec-fetch-site") === "cross-site";
    return isForeign ? html(200, comeAgain(files, login)) : redirect(login);
  });
  app.get("/", page);
  app.get(RESOURCE, page);

  app.get(
    "/login",
    answer(({ context, isKnown, assets: files }) => {
      const to = ownPath(context.req.query("to"));
      return isKnown ? redirect(to) : html(200, loginPage(files, to, ""));
    }),
  );

  app.post(
    "/login",
    bodyLimit({ maxSize: LOGIN_BYTES, onError: () => text(413, "that is too long") }),
    answer(async ({ context, token: wanted, assets: files }) => {
      const form = new URLSearchParams(await context.req.text());
      const to = ownPath(form.get("to") ?? undefined);
      const again = (status: number, trouble: LoginTrouble) => html(status, loginPage(files, to, trouble));
      if (!isFromHere(context.req.raw.headers)) return again(403, "foreign");
      if (!isSame(form.get("token") ?? "", wanted)) {
        limit.wrong(addressOf(context.env));
        return again(401, "wrong");
      }
      limit.right(addressOf(context.env));
      const session = openSession(wanted, clock.wall());
      return redirect(to, sessionCookie(cookieName(wanted), session, isSecure(context)));
    }),
  );

  app.post(
    "/logout",
    answer(({ context, token: wanted }) => {
      if (!isFromHere(context.req.raw.headers)) return text(403, "that came from another site");
      return redirect("/login", sessionCookie(cookieName(wanted), "", isSecure(context)));
    }),
  );

  app.get(
    "/events",
    answer(({ context, token: wanted, isKnown }) => {
      if (!isKnown) return text(401, "sign in first");
      // Nobody would read the stream.
      if (context.req.method === "HEAD") return text(200, "");
      const name = cookieName(wanted);
      const given = cookies(context.req.header("cookie") ?? "", name);
      const { namespace, name: of } = context.req.query();
      const stream = openStream(hub, {
        key: namespace === undefined || of === undefined ? null : `${namespace}/${of}`,
        lastId: context.req.header("last-event-id") ?? "",
        isAllowed: (now) => now !== null && given.some((value) => isSession(value, now, clock.wall())),
      });
      if (stream !== null) return stream;
      const full = text(503, "too many are looking already");
      full.headers.set("retry-after", "10");
      return full;
    }),
  );

  app.get(
    "/assets/:file",
    answer(({ context, assets: files }) => {
      const file = files.files.get(context.req.param("file") ?? "");
      if (file === undefined) return text(404, "there is nothing here");
      const isGzip = /\bgzip\b/.test(context.req.header("accept-encoding") ?? "");
      return new Response(new Uint8Array(isGzip ? file.gzipped : file.bytes), {
        headers: {
          "content-type": file.type,
          "cache-control": "public, max-age=31536000, immutable",
          vary: "accept-encoding",
          ...(isGzip ? { "content-encoding": "gzip" } : {}),
        },
      });
    }),
  );
  return app;
}

const ownPath = (to: string | undefined): string => (to !== undefined && PATH.test(to) ? to : "/");

/** What a proxy in front says. Whoever lies about it harms himself alone. */
const isSecure = ({ req }: Asking): boolean =>
  (req.header("x-forwarded-proto") ?? "").split(",", 1)[0]?.trim().toLowerCase() === "https";

/** Digests have one length, and are compared in constant time. */
const isSame = (given: string, wanted: string): boolean => timingSafeEqual(digest(given), digest(wanted));
const digest = (value: string): Buffer => createHash("sha256").update(value).digest();

const text = (status: number, message: string): Response =>
  new Response(`${message}\n`, { status, headers: { ...SAFE_HEADERS, "content-type": "text/plain; charset=utf-8" } });

const html = (status: number, page: string): Response =>
  new Response(page, { status, headers: { "content-type": "text/html; charset=utf-8" } });

const redirect = (to: string, cookie?: string): Response =>
  new Response(null, {
    status: 303,
    headers: { location: to, ...(cookie === undefined ? {} : { "set-cookie": cookie }) },
  });
