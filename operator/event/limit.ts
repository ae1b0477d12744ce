/** New events about one object: so many at once, and one more in each of so many ms. As client-go's, somewhat wider. */
const BURST = 25;
const REFILL_MS = 60_000;
const MOST_OBJECTS = 2_000;

/**
 * Whether one more event about the object is let through, at `now` in ms. An object whose state flaps with a text that
 * always differs would otherwise fill the API server's database.
 */
export function eventLimit(): (uid: string, now: number) => boolean {
  const objects = new Map<string, { left: number; at: number }>();
  return (uid, now) => {
    const known = objects.get(uid);
    const left = known === undefined ? BURST : Math.min(BURST, known.left + (now - known.at) / REFILL_MS);
    // Put at the end: the first is the one that was quiet for longest.
    objects.delete(uid);
    objects.set(uid, { left: left >= 1 ? left - 1 : left, at: now });
    if (objects.size > MOST_OBJECTS) objects.delete(objects.keys().next().value ?? "");
    return left >= 1;
  };
}
