import { execFile } from "node:child_process";
import { appendFile, chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startServer } from "../postgres/server.ts";
import type { Server } from "../postgres/server.ts";

const run = promisify(execFile);

export type TlsServer = AsyncDisposable & {
  /** By address, and without a word about TLS. */
  url: string;
  version: number;
  /** The files of the CA that signed the server's certificate, and of one that didn't. */
  ca: string;
  otherCa: string;
};

/** A real server that takes connections over TLS only, by a certificate for `names`, as OpenSSL calls them. */
export async function startTlsServer(version: number, names: string): Promise<TlsServer> {
  const folder = await mkdtemp(join(tmpdir(), "lockkeeper-tls-"));
  const server = await startServer({ version }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const dispose = async (): Promise<void> => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const [ca, otherCa] = [await makeCa(folder, "ca"), await makeCa(folder, "other")];
    await certify(folder, names, server.dataDir);
    await requireTls(server);
    return { url: server.url, version, ca, otherCa, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

async function makeCa(folder: string, name: string): Promise<string> {
  const file = join(folder, `${name}.pem`);
  const out = ["-keyout", join(folder, `${name}.key`), "-out", file];
  await run("openssl", ["req", "-x509", ...NEW_KEY, ...out, "-days", "2", "-subj", `/CN=test ${name}`]);
  return file;
}

/** Where Postgres looks for them by default; the key is its user's, and nobody else may read it. */
async function certify(folder: string, names: string, dataDir: string): Promise<void> {
  const [key, certificate] = [join(dataDir, "server.key"), join(dataDir, "server.crt")];
  const [request, extensions] = [join(folder, "server.csr"), join(folder, "server.ext")];
  await run("openssl", ["req", ...NEW_KEY, "-keyout", key, "-out", request, "-subj", "/CN=test server"]);
  await writeFile(extensions, `subjectAltName=${names}\n`);
  const signer = ["-CA", join(folder, "ca.pem"), "-CAkey", join(folder, "ca.key"), "-CAcreateserial"];
  await run("openssl", [
    "x509",
    "-req",
    "-in",
    request,
    ...signer,
    "-days",
    "2",
    "-extfile",
    extensions,
    "-out",
    certificate,
  ]);
  const { uid, gid } = await stat(dataDir);
  await chmod(key, 0o600);
  for (const file of [key, certificate]) await chown(file, uid, gid);
}

async function requireTls(server: Server): Promise<void> {
  await server.stop();
  await appendFile(join(server.dataDir, "postgresql.conf"), "ssl = on\n");
  const rules = join(server.dataDir, "pg_hba.conf");
  await writeFile(rules, (await readFile(rules, "utf8")).replaceAll(/^host\s/gm, "hostssl "));
  await server.start();
}
