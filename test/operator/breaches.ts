/** One spec for each rule of the CRD that breaks it and no other, with what is said of it, and with how it passes. */
import { fullSpec, minimalSpec } from "./example.ts";

type Json = Record<string, unknown>;

export type Breach = { breaks: string; spec: Json; message: string; cured: Json };

const minimal = minimalSpec() as { database: Json; source: Json };
const full = fullSpec() as { database: Json; source: Json };
const { urlFrom, host, port, name, userFrom, passwordFrom, caFrom } = full.database;
const { configMapKeyRef, secretKeyRef } = caFrom as Json;
const { workload, image, configMap, path } = full.source;

const database = (value: Json): Json => ({ ...minimal, database: value });
const source = (value: Json): Json => ({ ...minimal, source: value });
const job = (value: Json): Json => ({ ...minimal, job: value });
const longKey = "k".repeat(318);

export const breaches: Breach[] = [
  {
    breaks: "a database by URL and by parts",
    spec: database({ urlFrom, host, port, name, userFrom, passwordFrom }),
    message: "give either urlFrom, or host with name, userFrom and passwordFrom",
    cured: database({ host, port, name, userFrom, passwordFrom }),
  },
  {
    breaks: "a database that is nowhere",
    spec: database({}),
    message: "give either urlFrom, or host with name, userFrom and passwordFrom",
    cured: database({ urlFrom }),
  },
  ...Object.entries({ name, userFrom, passwordFrom }).map(([left]) => {
    const parts = { host, name, userFrom, passwordFrom };
    return {
      breaks: `a database by parts without ${left}`,
      spec: database(Object.fromEntries(Object.entries(parts).filter(([part]) => part !== left))),
      message: "host needs name, userFrom and passwordFrom beside it",
      cured: database(parts),
    };
  }),
  {
    breaks: "a CA from two places",
    spec: database({ urlFrom, caFrom: { configMapKeyRef, secretKeyRef } }),
    message: "give exactly one of configMapKeyRef and secretKeyRef",
    cured: database({ urlFrom, caFrom: { configMapKeyRef } }),
  },
  {
    breaks: "a CA from nowhere",
    spec: database({ urlFrom, caFrom: {} }),
    message: "give exactly one of configMapKeyRef and secretKeyRef",
    cured: database({ urlFrom, caFrom: { secretKeyRef } }),
  },
  {
    breaks: "a source in two places",
    spec: source({ workload, image, path }),
    message: "give exactly one of workload, image and configMap",
    cured: source({ image, path }),
  },
  {
    breaks: "a source in three places",
    spec: source({ workload, image, configMap, path }),
    message: "give exactly one of workload, image and configMap",
    cured: source({ configMap }),
  },
  {
    breaks: "a source that is nowhere",
    spec: source({ path }),
    message: "give exactly one of workload, image and configMap",
    cured: source({ workload, path }),
  },
  {
    breaks: "an image without a path",
    spec: source({ image }),
    message: "path is needed: the folder of the migrations inside the image",
    cured: source({ image, path }),
  },
  {
    breaks: "modules in a ConfigMap",
    spec: source({ configMap, format: "Module" }),
    message: "modules are never run from a ConfigMap: whoever may write it could run code in the job",
    cured: source({ configMap, format: "Sql" }),
  },
  {
    breaks: "a label without a name",
    spec: job({ labels: { "": "x" } }),
    message: "a key has 1 to 317 characters",
    cured: job({ labels: { x: "" } }),
  },
  {
    breaks: "an annotation whose name is too long",
    spec: job({ annotations: { [longKey]: "x" } }),
    message: "a key has 1 to 317 characters",
    cured: job({ annotations: { [longKey.slice(1)]: "x" } }),
  },
  {
    breaks: "a limit of something whose name is too long",
    spec: job({ resources: { limits: { ["k".repeat(64)]: 1 } } }),
    message: "a key has 1 to 63 characters",
    cured: job({ resources: { limits: { ["k".repeat(63)]: 1 } } }),
  },
];
