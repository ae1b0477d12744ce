import { randomUUID } from "node:crypto";

/**
 * A UUID of version 7 (RFC 9562): its first 48 bits are the time in ms, the rest is random. So the run log's primary key
 * sorts by time, to the millisecond.
 */
export function uuidV7(now: Date): string {
  const time = now.getTime().toString(16).padStart(12, "0");
  // The random half of version 4, which Node has in store: bytes of their own would be asked of the system each time.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether the text is a UUID of any version, in the form that PostgreSQL prints. */
export const isUuid = (text: string): boolean => UUID.test(text);
