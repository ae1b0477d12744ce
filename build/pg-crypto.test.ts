import { createRequire } from "node:module";
import { expect, test } from "vitest";
import * as ours from "./pg-crypto.ts";

const theirs = createRequire(import.meta.url)("pg/lib/crypto/utils.js") as typeof ours;
const bytes = (from: Uint8Array | ArrayBuffer) => Buffer.from(new Uint8Array(from)).toString("hex");
const key = Buffer.from("00ff10c3a9", "hex");

test("it has the names that pg's has, so that pg misses none", () => {
  expect(Object.keys(ours).toSorted()).toEqual(Object.keys(theirs).toSorted());
});

test.each(["", "secret", "pässwörd 🔒"])("the password %j makes the same answers as pg's own", async (password) => {
  expect(await ours.md5(password)).toBe(await theirs.md5(password));
  const salt = Buffer.from("a1b2c3d4", "hex");
  const md5 = await ours.postgresMd5PasswordHash("user", password, salt);
  expect(md5).toBe(await theirs.postgresMd5PasswordHash("user", password, salt));
  expect(bytes(await ours.deriveKey(password, salt, 4_096))).toBe(bytes(await theirs.deriveKey(password, salt, 4_096)));
  expect(bytes(await ours.hmacSha256(key, password))).toBe(bytes(await theirs.hmacSha256(key, password)));
  const data = Buffer.from(password);
  expect(bytes(await ours.sha256(data))).toBe(bytes(await theirs.sha256(data)));
});

// pg says SHA-256 for a certificate that is signed with MD5 or SHA-1.
test.each(["SHA-256", "SHA-384", "SHA-512"])("a certificate's %s is the same as by pg's own", async (name) => {
  expect(bytes(await ours.hashByName(name, key))).toBe(bytes(await theirs.hashByName(name, key)));
});

test("what one step gives, the next takes", async () => {
  const salted = await ours.deriveKey("secret", key, 1);
  const same = await theirs.deriveKey("secret", key, 1);
  const stored = await ours.sha256(await ours.hmacSha256(salted, "Client Key"));
  expect(bytes(stored)).toBe(bytes(await theirs.sha256(await theirs.hmacSha256(same, "Client Key"))));
});

test("a key is another one for another password, salt and number of rounds, also after the same was asked for twice", async () => {
  const asked: [string, Buffer, number][] = [
    ["a", key, 2],
    ["a", key, 2],
    ["b", key, 2],
    ["b", Buffer.from("00", "hex"), 2],
    ["b", Buffer.from("00", "hex"), 3],
    ["a", key, 2],
  ];
  const all = await Promise.all(asked.map(async (one) => bytes(await ours.deriveKey(...one))));
  expect(all).toEqual(await Promise.all(asked.map(async (one) => bytes(await theirs.deriveKey(...one)))));
  expect(new Set(all).size).toBe(4);
});

test("random bytes are as many as asked for, and others each time", () => {
  expect(ours.randomBytes(18)).toHaveLength(18);
  expect(ours.randomBytes(18)).not.toEqual(ours.randomBytes(18));
});
