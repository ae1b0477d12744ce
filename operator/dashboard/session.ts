/**
 * A session is a signed time until which it holds. The key is made from the token: every replica with that token knows the
 * session, and none does when the token is another. Nothing is kept on the server.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

/** A shift. */
export const SESSION_MS = 8 * 3_600_000;

const VALUE = /^(\d{1,15})\.([\w-]{22})\.([\w-]{43})$/;

/** `nowMs`: since 1970, by the wall clock that the browser and the other replicas have too. */
export function openSession(token: string, nowMs: number): string {
  const claim = `${nowMs + SESSION_MS}.${randomBytes(16).toString("base64url")}`;
  return `${claim}.${sign(token, claim)}`;
}

/** Whether it was opened with this token and isn't over. */
export function isSession(value: string, token: string, nowMs: number): boolean {
  const [, until = "", nonce = "", signature = ""] = VALUE.exec(value) ?? [];
  if (signature === "") return false;
  const wanted = sign(token, `${until}.${nonce}`);
  const isOurs = timingSafeEqual(Buffer.from(signature), Buffer.from(wanted));
  // Nobody's clock opens a session for longer than it may be.
  return isOurs && Number(until) > nowMs && Number(until) <= nowMs + SESSION_MS + CLOCKS_MS;
}

/** How far replicas' clocks may be apart. */
const CLOCKS_MS = 300_000;

/** Of an installation, so that two that are reached by port-forward on one `localhost` don't end each other's sessions. */
export const cookieName = (token: string): string =>
  `lockkeeper-${createHmac("sha256", keyFor(token, "cookie")).digest("hex").slice(0, 8)}`;

/** `Secure` where the browser came by TLS. An empty value takes the cookie away. */
export function sessionCookie(name: string, value: string, isSecure: boolean): string {
  const seconds = value === "" ? 0 : SESSION_MS / 1_000;
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
}

/** The values that a `Cookie` header has under the name. */
export function cookies(header: string, name: string): string[] {
  const pairs = header.split(";", MOST_COOKIES).map((pair) => pair.trim());
  return pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
}

const MOST_COOKIES = 100;

const sign = (token: string, claim: string): string =>
  createHmac("sha256", keyFor(token, "session")).update(claim).digest("base64url");

const keyFor = (token: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", token, "", `lockkeeper dashboard ${purpose}`, 32));
