import { expect, test } from "vitest";
import { createFramer } from "./framing.ts";

const typed = (type: string, body: string) => {
  const header = Buffer.alloc(5);
  header.write(type, 0);
  header.writeUInt32BE(4 + Buffer.byteLength(body), 1);
  return Buffer.concat([header, Buffer.from(body)]);
};

const untyped = (code: number, body = "") => {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(8 + Buffer.byteLength(body), 0);
  header.writeUInt32BE(code, 4);
  return Buffer.concat([header, Buffer.from(body)]);
};

const START_UP = 196_608;

const read = (bytes: Buffer, step: number, untypedFirst: boolean, bodyLimit = 100) => {
  const seen: string[] = [];
  const framer = createFramer({ untyped: untypedFirst, bodyLimit }, ({ type, length, body }) =>
    seen.push(`${type} ${length} ${body.toString()}`),
  );
  for (let at = 0; at < bytes.length; at += step) framer.push(bytes.subarray(at, at + step));
  return seen;
};

const client = Buffer.concat([
  untyped(80_877_103),
  untyped(START_UP, "user\0me\0\0"),
  typed("Q", "select 1\0"),
  typed("S", ""),
]);

test.each([1, 2, 3, 5, 7, 1_000])("a client's messages are the same in pieces of %i bytes", (step) => {
  expect(read(client, step, true)).toEqual(["ssl 0 ", "startup 9 user\0me\0\0", "Q 9 select 1\0", "S 0 "]);
});

test("a body is kept only as far as asked for, its length is always whole", () => {
  expect(read(typed("Q", "select 1, 2, 3"), 3, false, 6)).toEqual(["Q 14 select"]);
});

test("the server's one-byte answer about encryption is a message of its own", () => {
  const seen: string[] = [];
  const framer = createFramer({ untyped: false, bodyLimit: 0 }, ({ type }) => seen.push(type));
  framer.expectByte();
  framer.push(Buffer.concat([Buffer.from("N"), typed("R", "\0\0\0\0"), typed("Z", "I")]));
  expect(seen).toEqual(["N", "R", "Z"]);
});
