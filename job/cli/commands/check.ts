import { appendFile } from "node:fs/promises";
import { formatDuration } from "../../../contract/duration.ts";
import { EXIT } from "../../../contract/exit-code.ts";
import type { ExitCode } from "../../../contract/exit-code.ts";
import { formsOf } from "../../../contract/redact.ts";
import { VERSION } from "../../../contract/version.ts";
import { readAnswer } from "../../check/answer.ts";
import type { Answer } from "../../check/answer.ts";
import { exchange } from "../../check/exchange.ts";
import { annotation, annotations, stepSummary } from "../../check/github.ts";
import { noteOf, sendNote } from "../../check/notify.ts";
import { isWorthANote, outcomeOf } from "../../check/outcome.ts";
import type { Outcome } from "../../check/outcome.ts";
import { isInTheOpen, linkOf } from "../../check/surroundings.ts";
import { settle } from "../../check/settle.ts";
import type { Settled } from "../../check/settle.ts";
import { outcomeText } from "../../check/text.ts";
import type { About } from "../../check/text.ts";
import { withoutSecrets } from "../../library/without-secrets.ts";
import { stopped } from "../../stopped.ts";
import { readCheckSettings } from "../check-settings.ts";
import type { CheckSettings } from "../check-settings.ts";
import type { Invocation } from "../invocation.ts";

const ASK_MS = 10_000;
/** 1,000 databases with three runs each are 2 MB. */
const MOST_BYTES = 16 * 1_024 * 1_024;

/** `lockkeeper check`: asks, tells what it found wherever that is looked at, and fails only where it is strict. */
export async function checkCommand(invocation: Invocation): Promise<ExitCode> {
  const { host, print } = invocation;
  // Protected before the settings are read: a failure of theirs is printed, too.
  print.protect([host.variables.DEPLOY_OPS_TOKEN?.trim() ?? ""].filter((token) => token !== "").flatMap(formsOf));
  const settings = readCheckSettings(invocation.from, host.variables);
  const { token, endpoint, notifyUrl } = settings;
  if (token === null || endpoint === null) return skip(invocation);
  print.protect(formsOf(token));
  if (notifyUrl !== null)
    print.protect([notifyUrl.href, notifyUrl.pathname + notifyUrl.search].filter((text) => text.length > 1));

  const where = `${endpoint.origin}${endpoint.pathname}`;
  if (isInTheOpen(endpoint)) warn(invocation, `the token goes to ${where} unencrypted: use https`);
  const settled = await ask(invocation, { ...settings, token, endpoint }, where);
  const about = { where, lookbackMinutes: settings.lookbackMinutes, now: host.now() };
  const outcome = outcomeOf(settled, settings);
  const notified = await notify(invocation, settings, outcome, about);
  const exitCode =
    notified === false && settings.strict && outcome.exitCode === EXIT.done ? EXIT.unreachable : outcome.exitCode;
  await tell(invocation, { ...outcome, exitCode }, about, { asked: settled.asked, strict: settings.strict, notified });
  return exitCode;
}

function skip({ host, print, json }: Invocation): ExitCode {
  const reason = "there is no token: DEPLOY_OPS_TOKEN isn't set";
  if (json) print.out(`${JSON.stringify({ command: "check", status: "skipped", exitCode: EXIT.done, reason })}\n`);
  else print.out(`Skipped: ${reason}\n`);
  if (isOnGitHub(host)) print.err(`${annotation("notice", "lockkeeper check", `skipped: ${reason}`)}\n`);
  return EXIT.done;
}

async function ask(
  { host, print }: Invocation,
  { token, endpoint, ca, waitMs }: CheckSettings & { token: string; endpoint: URL },
  where: string,
): Promise<Settled> {
  const { signal } = host;
  const headers = {
    authorization: `Bearer ${token}`,
    accept: "application/json",
    "user-agent": `lockkeeper/${VERSION}`,
  };
  // Once for everything that is made of it: a page's escapes would hide a secret from a look at the page.
  const once = async (): Promise<Answer> => {
    const sent = {
      url: endpoint,
      method: "GET" as const,
      headers,
      ca,
      timeoutMs: ASK_MS,
      maxBytes: MOST_BYTES,
      signal,
    };
    return withoutSecrets(readAnswer(await exchange(sent), where), print.secrets());
  };
  const onAgain = (reason: string, leftMs: number): void =>
    print.err(`asking again for ${formatDuration(leftMs)} at most: ${reason}\n`);
  return await settle(once, { waitMs, signal, now: host.now, onAgain });
}

/** Null: there was nothing to send, or nowhere to. False: it wasn't taken, which is told. */
async function notify(
  invocation: Invocation,
  { notifyUrl }: CheckSettings,
  outcome: Outcome,
  about: About,
): Promise<boolean | null> {
  const { host } = invocation;
  if (notifyUrl === null || !isWorthANote(outcome)) return null;
  const note = JSON.stringify(noteOf(outcome, about, linkOf(host.variables)));
  try {
    const reason = await sendNote(notifyUrl, note, { signal: host.signal });
    if (reason !== null) warn(invocation, `the webhook of --notify-url-file wasn't told: ${reason}`);
    return reason === null;
  } catch (error) {
    if (host.signal.aborted) throw stopped(host.signal);
    throw error;
  }
}

async function tell(
  invocation: Invocation,
  outcome: Outcome,
  about: About,
  more: { asked: number; strict: boolean; notified: boolean | null },
): Promise<void> {
  const { host, print, json } = invocation;
  const { status, exitCode, findings, migrations, hint } = outcome;
  const { where, lookbackMinutes } = about;
  const document = {
    command: "check",
    status,
    exitCode,
    endpoint: where,
    lookbackMinutes,
    ...more,
    alerts: findings,
    migrations,
    hint,
  };
  print.out(json ? `${JSON.stringify(document)}\n` : `${outcomeText(outcome, about)}\n`);
  if (!isOnGitHub(host)) return;
  // GitHub reads both outputs, and the other one may be a JSON document's alone.
  for (const line of annotations(outcome)) print.err(`${line}\n`);
  const file = host.variables.GITHUB_STEP_SUMMARY;
  if (!file) return;
  await appendFile(file, stepSummary(outcome, about)).catch((error: NodeJS.ErrnoException) =>
    warn(invocation, `the step's summary can't be written (${error.code ?? "unknown"})`),
  );
}

function warn({ host, print }: Invocation, message: string): void {
  print.err(`${isOnGitHub(host) ? annotation("warning", "lockkeeper check", message) : `warning: ${message}`}\n`);
}

const isOnGitHub = ({ variables }: Invocation["host"]): boolean => variables.GITHUB_ACTIONS === "true";
