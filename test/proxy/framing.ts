/**
 * Cuts one direction of a Postgres connection into its protocol messages, without holding them back: the proxy forwards
 * bytes as they come and only looks. Source: PostgreSQL documentation, "Message Formats".
 */
export type WireMessage = {
  /** The message's type byte; "startup", "ssl", "gss" and "cancel" for the client's first ones, which have none. */
  type: string;
  /** Bytes of the body, without type and length. */
  length: number;
  /** The body's first bytes, at most as many as asked for. */
  body: Buffer;
};

export type Framer = {
  push: (chunk: Buffer) => void;
  /** The next byte is a message of its own: the server's answer to a request for encryption. */
  expectByte: () => void;
  /** From here on nothing can be read: the connection is encrypted. */
  blind: () => void;
};

const FIRST_MESSAGES: Readonly<Record<number, string>> = {
  80877102: "cancel",
  80877103: "ssl",
  80877104: "gss",
};

/**
 * `untyped`: the direction begins with a message that has no type byte (the client's). `bodyLimit`: how many bytes of each
 * body are kept for `onMessage`, which is called when a message is complete.
 */
export const createFramer = (
  options: { untyped: boolean; bodyLimit: number },
  onMessage: (message: WireMessage) => void,
): Framer => {
  let state: "untyped" | "typed" | "byte" | "blind" = options.untyped ? "untyped" : "typed";
  const header = Buffer.alloc(8);
  let headerBytes = 0;
  let current: { type: string; length: number; missing: number; kept: Buffer[]; keptBytes: number } | null = null;

  const finish = () => {
    if (current === null) return;
    const { type, length, kept } = current;
    current = null;
    headerBytes = 0;
    onMessage({ type, length, body: Buffer.concat(kept) });
  };

  const begin = () => {
    if (state === "untyped") {
      // The code that follows the length says which first message it is; only the real start-up ends this state.
      const type = FIRST_MESSAGES[header.readUInt32BE(4)] ?? "startup";
      if (type === "startup") state = "typed";
      current = {
        type,
        length: header.readUInt32BE(0) - 8,
        missing: header.readUInt32BE(0) - 8,
        kept: [],
        keptBytes: 0,
      };
    } else {
      const length = header.readUInt32BE(1) - 4;
      current = { type: String.fromCharCode(header[0] ?? 0), length, missing: length, kept: [], keptBytes: 0 };
    }
    if (current.missing === 0) finish();
  };

  const push = (chunk: Buffer) => {
    let at = 0;
    while (at < chunk.length && state !== "blind") {
      if (state === "byte") {
        state = "typed";
        onMessage({ type: String.fromCharCode(chunk[at] ?? 0), length: 0, body: Buffer.alloc(0) });
        at += 1;
      } else if (current === null) {
        const wanted = (state === "untyped" ? 8 : 5) - headerBytes;
        const copied = chunk.copy(header, headerBytes, at, at + wanted);
        headerBytes += copied;
        at += copied;
        if (copied === wanted) begin();
      } else {
        const part = chunk.subarray(at, at + current.missing);
        const keep = Math.min(part.length, options.bodyLimit - current.keptBytes);
        if (keep > 0) current.kept.push(part.subarray(0, keep));
        current.keptBytes += keep;
        current.missing -= part.length;
        at += part.length;
        if (current.missing === 0) finish();
      }
    }
  };

  return {
    push,
    expectByte: () => {
      state = "byte";
    },
    blind: () => {
      state = "blind";
    },
  };
};
