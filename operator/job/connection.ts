import type { Spec } from "../../contract/resource/spec.ts";
import { literal } from "./literal.ts";

type Variable = { name: string; value: string } | { name: string; valueFrom: object };
type SecretRef = { secretKeyRef: { name: string; key: string } };

const CA_VOLUME = "ca";
const CA_DIR = "/etc/lockkeeper/ca";
const CA_NAME = "ca.crt";
/** Certificates are public; the runner's user isn't the file's owner. */
const READABLE = 0o444;

/** How the runner learns of the database. Credentials are named, never known: the kubelet fills them in. */
export function connectionOf({ database, runLog }: Spec) {
  const ca = caOf(database);
  return {
    env: [
      ...urlOrParts(database),
      ...(runLog.enabled ? [] : [{ name: "DB_MIGRATE_TELEMETRY_ENABLED", value: "0" }]),
    ] as Variable[],
    caFile: ca === null ? null : `${CA_DIR}/${CA_NAME}`,
    volumes: ca === null ? [] : [{ name: CA_VOLUME, ...ca }],
    mounts: ca === null ? [] : [{ name: CA_VOLUME, mountPath: CA_DIR, readOnly: true }],
  };
}

function urlOrParts({ urlFrom, host, port, name, sslmode, userFrom, passwordFrom }: Spec["database"]): Variable[] {
  if (urlFrom !== undefined) return [secret("DATABASE_URL", urlFrom)];
  return [
    { name: "PGHOST", value: literal(host ?? "") },
    { name: "PGPORT", value: String(port) },
    { name: "PGDATABASE", value: literal(name ?? "") },
    { name: "PGSSLMODE", value: sslmode },
    ...(userFrom === undefined ? [] : [secret("PGUSER", userFrom)]),
    ...(passwordFrom === undefined ? [] : [secret("PGPASSWORD", passwordFrom)]),
  ];
}

const secret = (name: string, { secretKeyRef }: SecretRef): Variable => ({
  name,
  valueFrom: { secretKeyRef: { name: secretKeyRef.name, key: secretKeyRef.key } },
});

/** One key as one file, so that nothing else of the Secret or ConfigMap is mounted. */
function caOf({ caFrom }: Spec["database"]): object | null {
  const { secretKeyRef, configMapKeyRef } = caFrom ?? {};
  const items = (key: string) => ({ items: [{ key, path: CA_NAME }], defaultMode: READABLE });
  if (secretKeyRef !== undefined) return { secret: { secretName: secretKeyRef.name, ...items(secretKeyRef.key) } };
  if (configMapKeyRef === undefined) return null;
  return { configMap: { name: configMapKeyRef.name, ...items(configMapKeyRef.key) } };
}
