import { pause } from "../clock.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { Misconfigured } from "../misconfigured.ts";
import { leaseClient } from "./lease.ts";
import type { LeaseClient, LeaseOptions } from "./lease.ts";
import { Term } from "./term.ts";
import type { Leading } from "./term.ts";

const RETRY_MS = 2_000;
/** Candidates ask after RETRY and up to this share more, so that they don't all ask at once. */
const JITTER = 1.2;
/** Half of what a leader has until it must give up: after a connection that is dead but silent there is time for another. */
const REQUEST_MS = 5_000;
const RELEASE_MS = 2_000;

/** `stopped`: as it was asked to, and the lease was released. `lost`: somebody else may lead, so the process must end. */
export type LeaseEnd = "stopped" | "lost";

export type LeadOptions = LeaseOptions & {
  log: Log;
  /** From 0 to less than 1. */
  random?: () => number;
};

/**
 * Waits until this process leads, and then does the work once. An absent or released lease is taken at once.
 *
 * When `signal` is aborted the work's signal is too; the lease is kept until the work is done, and then released. When the
 * lease is lost the work's signal is aborted, and this resolves without waiting for it. Rejects with what the work throws,
 * after releasing, and with Misconfigured when we may not use leases.
 */
export async function lead(
  options: LeadOptions,
  signal: AbortSignal,
  work: (leading: Leading) => Promise<void>,
): Promise<LeaseEnd> {
  const { clock, log, name, identity, random = Math.random } = options;
  const client = leaseClient(options);
  const until = await taken(client, { clock, log, random, signal });
  if (until === null) return "stopped";
  log.info({ lease: name, identity }, "leading");

  const term = new Term(clock, until);
  const stop = (): void => term.stop(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const over = new AbortController();
  const renewed = renewing(client, term, { clock, log, signal: over.signal });
  try {
    const end = await Promise.race([work(term).then(() => "stopped" as const), term.lost]);
    return term.leads() ? end : "lost";
  } finally {
    signal.removeEventListener("abort", stop);
    over.abort();
    const isOurs = term.leads();
    term.close();
    if (isOurs) {
      await renewed;
      await release(client, { clock, log });
    } else log.error({ lease: name, identity }, "lease lost");
  }
}

type Tools = { clock: Clock; log: Log; signal: AbortSignal };

/** Until when it is ours, when it is; null if the signal is aborted first. */
async function taken(client: LeaseClient, tools: Tools & { random: () => number }): Promise<number | null> {
  const { clock, log, random, signal } = tools;
  while (!signal.aborted) {
    try {
      // Not ended by the signal: what the server has done by then must be known, to be released.
      const until = await bounded(clock, REQUEST_MS, null, client.take);
      // An answer that was read too late, by a process that was stopped, is none.
      if (until !== null && clock.now() < until) return until;
    } catch (error) {
      if (error instanceof Misconfigured) throw error;
      if (!signal.aborted) log.warn({ error }, "lease could not be asked for");
    }
    await pause(clock, RETRY_MS * (1 + random() * JITTER), signal);
  }
  return null;
}

/** Renews it until the signal is aborted or it is lost. */
async function renewing(client: LeaseClient, term: Term, { clock, log, signal }: Tools): Promise<void> {
  for (;;) {
    await pause(clock, RETRY_MS, signal);
    if (signal.aborted || !term.leads()) return;
    try {
      const until = await bounded(clock, REQUEST_MS, signal, client.renew);
      if (until === null) term.lose();
      else term.extend(until);
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, "lease could not be renewed");
    }
  }
}

async function release(client: LeaseClient, { clock, log }: Pick<Tools, "clock" | "log">): Promise<void> {
  try {
    await bounded(clock, RELEASE_MS, null, client.release);
    log.info({}, "lease released");
  } catch (error) {
    log.warn({ error }, "lease could not be released");
  }
}

/** The request, ended after `ms` or by the signal. Not by AbortSignal.any: it would be made for ever for one signal. */
async function bounded<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | null,
  request: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal?.reason);
  const cancel = clock.after(ms, () => controller.abort(new Error(`no answer in ${ms / 1_000} s`)));
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await request(controller.signal);
  } finally {
    cancel();
    signal?.removeEventListener("abort", abort);
  }
}
