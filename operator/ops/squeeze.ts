import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { Cancel, Clock } from "../clock.ts";

/** A block that nobody needed for so long is let go, ms. */
const UNUSED_MS = 10_000;
/** It grows by whole steps, so that a fleet that grows doesn't need a new one each time. */
const STEP = 262_144;

/** Compresses these parts as one. */
export type Squeeze = (parts: readonly Buffer[]) => Promise<Uint8Array<ArrayBuffer>>;

/**
 * A fleet's megabytes are put together in one block that is used again: new ones twice a second would have V8 collect its
 * whole heap each time, and whoever asks waits for that. Compressed on a thread of Node's pool.
 */
export function openSqueeze(clock: Pick<Clock, "after">): Squeeze {
  let block: Buffer | null = null;
  let letGo: Cancel = () => {};

  return async (parts) => {
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    letGo();
    // Whoever comes meanwhile finds none, and makes one of its own.
    const own = block !== null && block.length >= size ? block : Buffer.allocUnsafeSlow(Math.ceil(size / STEP) * STEP);
    block = null;
    let at = 0;
    for (const part of parts) at += part.copy(own, at);
    try {
      return await promisify(gzip)(own.subarray(0, size), { level: constants.Z_BEST_SPEED });
    } finally {
      letGo();
      block = own;
      letGo = clock.after(UNUSED_MS, () => (block = null));
    }
  };
}
