import { startNotice } from "./block.ts";

/** How far a block of a message came, as told by the server's tags and our notices. */
export type BlockState = {
  started: boolean;
  committed: boolean;
  /** Statements of the file that were completed: what comes between our DO and our COMMIT. */
  statements: number;
};

/**
 * Reads the server's answer to a message of several blocks. A block has started when its notice comes, and is done when a
 * COMMIT's tag follows: files with transaction control of their own are never in such a message.
 */
export function readStream(
  nonce: string,
  indexes: number[],
  onStart: (k: number) => void,
  onCommit: (k: number) => void,
) {
  const blocks: BlockState[] = indexes.map(() => ({ started: false, committed: false, statements: -1 }));
  const notices = new Map(indexes.map((index, k) => [startNotice(nonce, index), k]));
  let current = -1;
  let answered = false;
  return {
    blocks,
    /** False when the server refused the message before it ran any of it. */
    answered: () => answered,
    progress: {
      onNotice(message: string): void {
        const k = notices.get(message);
        if (k === undefined) return;
        notices.delete(message);
        current = k;
        const block = blocks[k];
        if (block !== undefined) block.started = true;
        onStart(k);
      },
      onTag(tag: string): void {
        answered = true;
        const block = blocks[current];
        if (block === undefined || !block.started || block.committed) return;
        if (tag === "COMMIT") {
          block.committed = true;
          onCommit(current);
        } else {
          // The first tag after the notice is our own DO's: hence the start at -1.
          block.statements++;
        }
      },
    },
  };
}
