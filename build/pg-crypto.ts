import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/**
 * What `pg` needs of cryptography, the names and results as in its lib/crypto/utils.js, which takes it from the Web Crypto
 * API: that takes longer to load, and every step of an authentication goes through the thread pool.
 */
export { md5, postgresMd5PasswordHash, randomBytes, sha256, hashByName, hmacSha256, deriveKey };

type Bytes = Uint8Array | ArrayBuffer;

async function md5(text: string | Buffer): Promise<string> {
  return createHash("md5").update(text).digest("hex");
}

async function postgresMd5PasswordHash(user: string, password: string, salt: Buffer): Promise<string> {
  return `md5${await md5(Buffer.concat([Buffer.from(await md5(password + user)), salt]))}`;
}

async function sha256(data: Bytes): Promise<Buffer> {
  return await hashByName("SHA-256", data);
}

async function hashByName(name: string, data: Bytes): Promise<Buffer> {
  return createHash(name).update(new Uint8Array(data)).digest();
}

async function hmacSha256(key: Bytes, text: string): Promise<Buffer> {
  return createHmac("sha256", new Uint8Array(key)).update(text).digest();
}

let derived: { from: string; key: Promise<Buffer> } | null = null;

/**
 * This one is slow by intention: not on the main thread, and once for a run's two connections, to which the server names
 * the same salt.
 */
async function deriveKey(password: string, salt: Uint8Array, iterations: number): Promise<Buffer> {
  const from = JSON.stringify([password, Buffer.from(salt).toString("hex"), iterations]);
  if (derived?.from !== from) derived = { from, key: promisify(pbkdf2)(password, salt, iterations, 32, "sha256") };
  return await derived.key;
}
