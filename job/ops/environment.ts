import type { Variable } from "../environment.ts";

/** The variables that `opsMigrations` reads; docs/cli.md is made from it. */
export const OPS_VARIABLES = [
  {
    name: "OPS_MIGRATION_TOKEN",
    default: "",
    description: "Switches the app's /api/ops/migrations on: the token that it asks for, of at least 16 characters.",
  },
  {
    name: "OPS_MIGRATION_TOKEN_FILE",
    default: "",
    description: "A file that holds it, read for each request. Only where that isn't set.",
  },
] as const satisfies Variable[];

/** What the environment says for `opsMigrations`; undefined where it is silent. */
export type OpsEnvironment = {
  databaseUrl: string | undefined;
  databaseUrlFile: string | undefined;
  token: string | undefined;
  tokenFile: string | undefined;
};

/** Read when the handler is made. An empty variable is the same as an unset one. */
export function readOpsEnvironment(): OpsEnvironment {
  const read = (name: string): string | undefined => process.env[name]?.trim() || undefined;
  return {
    databaseUrl: read("DATABASE_URL"),
    databaseUrlFile: read("DATABASE_URL_FILE"),
    token: read("OPS_MIGRATION_TOKEN"),
    tokenFile: read("OPS_MIGRATION_TOKEN_FILE"),
  };
}
