import type pg from "pg";

/** What a message came to, as the server told it. `error` is the server's, or the socket's when the session is gone. */
export type MessageEnd = { error: Error | null };

/** What the server tells while it runs a message, in its order. */
export type MessageProgress = {
  onTag(tag: string): void;
  onNotice(message: string): void;
};

type Stream = { write(data: Uint8Array): boolean; cork(): void; uncork(): void; writable: boolean };
type Wire = { stream: Stream; sendCopyFail(message: string): void };

/**
 * Sends `parts` as one simple-protocol message, written from the buffers as they are: a large file is never copied into
 * one string with what surrounds it. Rows are dropped as they come. Never rejects: the end tells the error.
 *
 * `pg` calls handleError at the server's error, and no handleReadyForQuery after it: a next query waits in the client's
 * queue until the server is ready.
 */
export function sendMessage(client: pg.Client, parts: Uint8Array[], progress: MessageProgress): Promise<MessageEnd> {
  return new Promise((resolve) => {
    const onNotice = (notice: { message?: string | undefined }): void => progress.onNotice(notice.message ?? "");
    const end = (error: Error | null): void => {
      client.off("notice", onNotice);
      resolve({ error });
    };
    const submittable = {
      submit(connection: unknown): void {
        write((connection as Wire).stream, parts);
      },
      handleCommandComplete: (message: { text: string }) => progress.onTag(message.text),
      handleReadyForQuery: () => end(null),
      handleError: (error: Error) => end(error),
      handleCopyInResponse: (connection: unknown) =>
        (connection as Wire).sendCopyFail("COPY FROM stdin has no data in a migration"),
      handleCopyData: ignore,
      handleRowDescription: ignore,
      handleDataRow: ignore,
      handleEmptyQuery: ignore,
      handlePortalSuspended: ignore,
    };
    client.on("notice", onNotice);
    client.query(submittable as unknown as pg.Submittable);
  });
}

function ignore(): void {
  // A migration's rows and copied data are nobody's business here.
}

const QUERY = 0x51;
/** What is no longer than this is copied together: that takes less time than writing it piece by piece. */
const SHORT_BYTES = 64 * 1024;

function write(stream: Stream, parts: Uint8Array[]): void {
  let length = 5;
  for (const part of parts) length += part.byteLength;
  const header = Buffer.alloc(5);
  header.writeUInt8(QUERY, 0);
  header.writeInt32BE(length, 1);
  if (!stream.writable) return;
  const all = [header, ...parts, new Uint8Array(1)];
  if (length <= SHORT_BYTES) {
    stream.write(Buffer.concat(all, length + 1));
    return;
  }
  stream.cork();
  for (const part of all) stream.write(part);
  stream.uncork();
}
