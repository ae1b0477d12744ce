import { generateKeyPairSync } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../run.ts";

/** One certificate: for whom, in Kubernetes' terms (`/O=group/CN=user`), and for which names as a server. */
export type Certificate = { name: string; subject: string; names: string[] };

const days = ["-days", "30"];
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** Makes an authority, the certificates that it signs (`NAME.crt`, `NAME.key`), and the service accounts' key pair. */
export async function makeCertificates(folder: string, certificates: Certificate[]): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const at = (file: string) => join(folder, file);
  const authority = ["-keyout", at("ca.key"), "-out", at("ca.crt"), "-subj", "/CN=lockkeeper-test-cluster"];
  await run("openssl", ["req", "-x509", ...newKey, ...days, ...authority]);
  await Promise.all(
    certificates.map(async ({ name, subject, names }) => {
      const alternatives = names.map((each) => `${/^[\d.]+$/.test(each) ? "IP" : "DNS"}:${each}`).join(",");
      const signed = ["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-subj", subject];
      const extensions = ["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth,clientAuth"]
        .concat(names.length > 0 ? [`subjectAltName=${alternatives}`] : [])
        .flatMap((extension) => ["-addext", extension]);
      const files = ["-keyout", at(`${name}.key`), "-out", at(`${name}.crt`)];
      await run("openssl", ["req", "-x509", ...newKey, ...days, ...signed, ...extensions, ...files]);
    }),
  );
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(at("service-accounts.key"), privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
  await writeFile(at("service-accounts.pub"), publicKey.export({ type: "spki", format: "pem" }));
}

/** Writes a kubeconfig that holds the certificate itself, so that the one file is all that a client needs. */
export async function writeKubeconfig(file: string, folder: string, name: string, server: string): Promise<void> {
  const data = async (path: string) => (await readFile(join(folder, path))).toString("base64");
  const [authority, certificate, key] = await Promise.all([data("ca.crt"), data(`${name}.crt`), data(`${name}.key`)]);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server, "certificate-authority-data": authority } }],
    users: [{ name, user: { "client-certificate-data": certificate, "client-key-data": key } }],
    contexts: [{ name: "test", context: { cluster: "test", user: name } }],
    "current-context": "test",
  };
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
}
