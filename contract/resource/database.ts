import { z } from "zod";
import { keyRef, ruled } from "./field.ts";

const secretRef = z.object({
  secretKeyRef: keyRef("Secret").describe(
    "Where the value is. The operator never reads it: the job's container gets it.",
  ),
});

const Host = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9.:_-]+$/);

const CaFrom = ruled(
  z.object({
    configMapKeyRef: keyRef("ConfigMap").describe("The CA's certificate, in a ConfigMap.").optional(),
    secretKeyRef: keyRef("Secret").describe("The CA's certificate, in a Secret.").optional(),
  }),
  {
    rule: "has(self.configMapKeyRef) != has(self.secretKeyRef)",
    message: "give exactly one of configMapKeyRef and secretKeyRef",
    holds: (from) => (from.configMapKeyRef === undefined) !== (from.secretKeyRef === undefined),
  },
);

/** How the job reaches the database: a whole URL, or its parts. */
export const Database = ruled(
  z.object({
    urlFrom: secretRef.describe("The whole connection URL, from a Secret.").optional(),
    host: Host.describe("Host name or address of the server, where the URL is given in parts.").optional(),
    port: z.int().min(1).max(65_535).default(5432).describe("The server's port."),
    name: z.string().min(1).max(63).describe("The database's name.").optional(),
    sslmode: z
      .enum(["disable", "require", "verify-ca", "verify-full"])
      .default("verify-full")
      .describe("How the connection is encrypted. `require` doesn't check the server's certificate."),
    userFrom: secretRef.describe("The user, from a Secret.").optional(),
    passwordFrom: secretRef.describe("The password, from a Secret.").optional(),
    caFrom: CaFrom.describe("The CA that signed the server's certificate, as PEM.").optional(),
  }),
  {
    rule: "has(self.urlFrom) != has(self.host)",
    message: "give either urlFrom, or host with name, userFrom and passwordFrom",
    holds: ({ urlFrom, host }) => (urlFrom === undefined) !== (host === undefined),
  },
  {
    rule: "!has(self.host) || (has(self.name) && has(self.userFrom) && has(self.passwordFrom))",
    message: "host needs name, userFrom and passwordFrom beside it",
    holds: ({ host, ...parts }) =>
      host === undefined || [parts.name, parts.userFrom, parts.passwordFrom].every((part) => part !== undefined),
  },
);
export type Database = z.infer<typeof Database>;
