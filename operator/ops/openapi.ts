import { z } from "zod";
import { Alert, MigrationState, OpsPayload, OpsQuery } from "../../contract/ops.ts";
import { Blocker, Run, RunError } from "../../contract/run.ts";
import { VERSION } from "../../contract/version.ts";

const OpsError = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

const SCHEMAS = { OpsPayload, OpsError, Alert, MigrationState, Run, RunError, Blocker };

const PARAMETERS = {
  lookbackMinutes: "How far back failures, lock timeouts and long waits for locks count.",
  limit: "So many runs of each migration, the newest; fewer where all of them together would be more than 20,000.",
  namespace: "Only the migrations of this namespace.",
  name: "Only the migrations of this name.",
} as const satisfies Record<keyof OpsQuery, string>;

const REFUSALS = {
  400: "A parameter that there isn't, or that is out of range.",
  401: "No token, or a wrong one.",
  404: "No token is configured: there is no endpoint.",
  405: "Another method than GET or HEAD.",
  429: "Asked too often, or too many wrong tokens: Retry-After says when to ask again.",
  500: "A bug in Lockkeeper.",
} as const;

/** The OpenAPI document of the operator's endpoint: made from the schemas that its answers are made by. */
export function openApi() {
  return {
    openapi: "3.1.0",
    info: {
      title: "Lockkeeper ops endpoint",
      version: VERSION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description: "What state each database's migrations are in, and what somebody should know of them.",
    },
    security: [{ token: [] }],
    paths: {
      "/api/ops/migrations": {
        get: {
          operationId: "migrations",
          summary: "The state of all migrations, and the alerts of this moment.",
          parameters: parameters(),
          responses: {
            200: response("All is well, or there are warnings: `status` is `ok` or `warning`.", ["OpsPayload"]),
            503: response(
              "`status` is `critical`. Or there is no answer yet: with `error.code` `NOT_READY` or `BUSY` ask again.",
              ["OpsPayload", "OpsError"],
            ),
            ...Object.fromEntries(
              Object.entries(REFUSALS).map(([status, description]) => [status, response(description, ["OpsError"])]),
            ),
          },
        },
      },
    },
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: schemas(),
    },
  };
}

let made: string | null = null;

/** The same as JSON, made when it is first asked for. */
export const openApiText = (): string => (made ??= JSON.stringify(openApi()));

function response(description: string, names: (keyof typeof SCHEMAS)[]) {
  const refs = names.map((name) => ({ $ref: `#/components/schemas/${name}` }));
  const schema = refs.length === 1 ? refs[0] : { oneOf: refs };
  return { description, content: { "application/json": { schema } } };
}

function parameters() {
  const { properties = {} } = z.toJSONSchema(OpsQuery);
  return Object.entries(PARAMETERS).map(([name, description]) => ({
    ...{ name, in: "query", required: false, description },
    schema: properties[name],
  }));
}

/** Each once, by its name, in place of a copy wherever it is used. */
function schemas() {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas: found } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    Object.entries(found).map(([id, { $id: _id, $schema: _schema, ...schema }]) => [id, schema]),
  );
}
