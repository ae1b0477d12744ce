import { EXIT } from "../../contract/exit-code.ts";
import { Failure, invalidInput } from "../failure.ts";
import type { Exchange } from "./exchange.ts";
import { oneLine } from "./one-line.ts";
import { readPayload } from "./payload.ts";
import type { Told } from "./payload.ts";

export type Answer =
  | { kind: "told"; told: Told }
  | {
      kind: "problem";
      failure: Failure;
      /** Whether it may pass by itself, as a deploy's settling does. */
      heals: boolean;
      /** As the endpoint asks for, ms. */
      pauseMs: number;
    };

/** What an exchange with the endpoint means. Nothing of a body is told that isn't the endpoint's own error. */
export function readAnswer(exchange: Exchange, where: string): Answer {
  switch (exchange.kind) {
    case "failed":
      return isTls(exchange.code)
        ? final(
            unreachable(
              `TLS with ${where} fails (${exchange.code})`,
              "If a CA of your own signed its certificate, name that by --ca-file.",
            ),
          )
        : again(
            unreachable(
              `${where} can't be reached (${exchange.code})`,
              "Look at the URL, DNS and the network between.",
            ),
          );
    case "late":
      return again(unreachable(`${where} didn't answer in time`, "Look at the app's or the operator's own log."));
    case "too-large":
      return final(unreachable(`${where} answered ${exchange.status} with too much to be an ops payload`, WRONG_URL));
    case "answer":
      return judge(exchange, where);
  }
}

type Answered = Extract<Exchange, { kind: "answer" }>;

function judge(answered: Answered, where: string): Answer {
  const { status, body } = answered;
  if (status === 200 || status === 503) {
    const told = readPayload(body);
    if (typeof told !== "string") return { kind: "told", told };
    if (status === 200)
      return again(unreachable(`${where} answered 200, but no ops payload: ${what(answered, told)}`, WRONG_URL));
  }
  if (status >= 300 && status < 400)
    return final(
      invalidInput(redirected(answered, where), { hint: "Give the URL that it points to, if that is the endpoint." }),
    );
  const said = ownError(body);
  switch (status) {
    case 400:
      return final(
        invalidInput(`${where} refused the question${said === null ? "" : `: ${said.message}`}`, {
          hint: "Look at --lookback, --namespace and --name, and at the URL's own parameters.",
        }),
      );
    case 401:
    case 403:
      return final(
        invalidInput(`${where} refused the token (${status})`, {
          hint: "It has to be the endpoint's own token: OPS_MIGRATION_TOKEN, or the operator's token Secret.",
        }),
      );
    case 404:
      return said?.code === "NOT_FOUND"
        ? final(
            invalidInput(`${where} is switched off (404): no token is configured there, or the path is another one`, {
              hint: "Set OPS_MIGRATION_TOKEN of the app, or ops.tokenSecret of the operator's chart.",
            }),
          )
        : again(invalidInput(`there is nothing at ${where} (404)`, { hint: WRONG_URL }));
    case 429:
      return {
        ...again(unreachable(`${where} is asked too often (429)`, "Ask less often, or later.")),
        pauseMs: pauseOf(answered.retryAfter),
      };
    default:
      if (status < 500) return final(unreachable(`${where} answered ${status}, and no ops payload`, WRONG_URL));
      return {
        ...again(
          unreachable(
            `${where} answered ${status}, and no ops payload`,
            "Look at what answered: a proxy before it, or itself.",
          ),
        ),
        pauseMs: pauseOf(answered.retryAfter),
      };
  }
}

const WRONG_URL = "Is it the URL of /api/ops/migrations?";

const unreachable = (message: string, hint: string): Failure =>
  new Failure("UNREACHABLE", EXIT.unreachable, message, { hint });

type Problem = Extract<Answer, { kind: "problem" }>;
const final = (failure: Failure): Problem => ({ kind: "problem", failure, heals: false, pauseMs: 0 });
const again = (failure: Failure): Problem => ({ kind: "problem", failure, heals: true, pauseMs: 0 });

function what({ contentType, body }: Answered, wrong: string): string {
  return /html/i.test(contentType) || /^\s*</.test(body) ? "it is a page of HTML" : wrong;
}

/** Without the query: it may hold what a login page was given. */
function redirected({ status, location }: Answered, where: string): string {
  const to = URL.canParse(location, where) ? new URL(location, where) : null;
  const shown = to === null ? "" : ` to ${oneLine(`${to.origin}${to.pathname}`, 200)}`;
  return `${where} redirects${shown} (${status}), which isn't followed: the token would go there`;
}

/** `{ "error": { "code", "message" } }`, as the endpoint refuses; null for anything else. */
function ownError(body: string): { code: string; message: string } | null {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code !== "string" || typeof error.message !== "string") return null;
    return { code: error.code, message: oneLine(error.message, 300) };
  } catch {
    return null;
  }
}

/** A number of seconds; a date isn't looked at. */
const pauseOf = (retryAfter: string): number => (/^\d{1,5}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : 0);

const isTls = (code: string): boolean => /CERT|^UNABLE_TO|^ERR_TLS_|^ERR_SSL_|^EPROTO$/.test(code);
