import type { Clock } from "../clock.ts";

/** What an address has left, and when that was true. */
type Bucket = { left: number; at: number };

/** An address may ask so much at once, and then so much each second. */
const AT_ONCE = 600;
const PER_SECOND = 100;
/** Six wrong tokens at once, then one a second. */
const WRONG = 100;
/** From all addresses together: a guesser may have many. */
const WRONG_AT_ONCE = 50;
const WRONG_PER_SECOND = 10;

/** Who gave the right token within this isn't held up by what others guess. */
const KNOWN_MS = 600_000;
/** So many addresses are remembered; who comes back after others had their place begins anew. */
const REMEMBERED = 1_000;

/**
 * How often who may ask. A wrong token costs as much as a hundred right ones, so that guessing is slow, and a scraper that
 * has the token isn't held up.
 */
export type Limit = {
  /** To be asked before the request is looked at: 0, or in how many seconds that address may come again. */
  ask(address: string): number;
  /** The token was right: what others guess doesn't hold up that address. */
  right(address: string): void;
  /** The token was wrong. */
  wrong(address: string): void;
};

export function openLimit(clock: Pick<Clock, "now">): Limit {
  const addresses = new Map<string, Bucket>();
  const known = new Map<string, number>();
  const guesses: Bucket = { left: WRONG_AT_ONCE, at: clock.now() };

  const isKnown = (address: string): boolean => clock.now() - (known.get(address) ?? -Infinity) < KNOWN_MS;

  function bucketOf(address: string): Bucket {
    const found = addresses.get(address) ?? { left: AT_ONCE, at: clock.now() };
    remember(addresses, address, found);
    fill(found, AT_ONCE, PER_SECOND);
    return found;
  }

  function fill(bucket: Bucket, most: number, perSecond: number): void {
    const now = clock.now();
    bucket.left = Math.min(most, bucket.left + ((now - bucket.at) / 1_000) * perSecond);
    bucket.at = now;
  }

  return {
    ask(from) {
      const address = networkOf(from);
      fill(guesses, WRONG_AT_ONCE, WRONG_PER_SECOND);
      if (guesses.left < 1 && !isKnown(address)) return secondsUntil(guesses, WRONG_PER_SECOND);
      const bucket = bucketOf(address);
      if (bucket.left < 1) return secondsUntil(bucket, PER_SECOND);
      bucket.left--;
      return 0;
    },
    right: (from) => remember(known, networkOf(from), clock.now()),
    wrong(from) {
      bucketOf(networkOf(from)).left -= WRONG;
      guesses.left--;
    },
  };
}

const secondsUntil = ({ left }: Bucket, perSecond: number): number => Math.max(1, Math.ceil((1 - left) / perSecond));

/** As the newest; the oldest goes. */
function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED) return;
  for (const oldest of map.keys()) return void map.delete(oldest);
}

/** Who has one address of IPv6 has 2^64 of them. */
function networkOf(address: string): string {
  const bare = address
    .toLowerCase()
    .replace(/^::ffff:(?=\d+\.)/, "")
    .replace(/%.*$/, "");
  if (!bare.includes(":")) return bare;
  const [before = "", after] = bare.split("::");
  const left = before === "" ? [] : before.split(":");
  const right = after === undefined || after === "" ? [] : after.split(":");
  const zeros = after === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array<string>(zeros).fill("0"), ...right].slice(0, 4).join(":");
}
