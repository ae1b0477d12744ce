import { randomBytes } from "node:crypto";

/**
 * A UUID of version 7 (RFC 9562): its first 48 bits are the time in ms, the rest is random. So the run log's primary key
 * sorts by time, to the millisecond.
 */
export function uuidV7(now: Date): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes.writeUInt8(0x70 | (bytes.readUInt8(6) & 0x0f), 6);
  bytes.writeUInt8(0x80 | (bytes.readUInt8(8) & 0x3f), 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether the text is a UUID of any version, in the form that PostgreSQL prints. */
export const isUuid = (text: string): boolean => UUID.test(text);
