import type { DatabaseMigration } from "../../contract/resource/resource.ts";
import type { Status } from "../../contract/resource/status.ts";
import { isApiError } from "../api/api.ts";
import { MIGRATIONS } from "../api/kinds.ts";
import { pathOf } from "../api/path.ts";
import type { RawMigration } from "../watch/migration.ts";
import type { Context } from "./context.ts";
import { mergePatch } from "./patch.ts";

export type Written = "written" | "unchanged" | "conflict";

/**
 * Writes what differs, with the resourceVersion that the decision was made on: whoever decided on an older view, another
 * leader say, gets a conflict and writes nothing. So does one whose resource is gone.
 */
export async function writeStatus(
  { metadata, status: before }: Pick<DatabaseMigration, "metadata" | "status">,
  status: Status,
  { api, caches, leads }: Pick<Context, "api" | "caches" | "leads">,
): Promise<Written> {
  const patch = mergePatch(before, status);
  if (patch === null) return "unchanged";
  if (!leads()) throw new Error("the lease is over: nothing is written");
  const path = pathOf(MIGRATIONS, metadata.namespace, metadata.name, "status");
  try {
    const written = await api.request<RawMigration>("PATCH", path, {
      patch: "merge",
      query: { fieldManager: "lockkeeper-operator" },
      body: { metadata: { uid: metadata.uid, resourceVersion: metadata.resourceVersion }, status: patch },
    });
    caches.migrations.put(written);
    return "written";
  } catch (error) {
    if (isApiError(error, "Conflict") || isApiError(error, "NotFound")) return "conflict";
    throw error;
  }
}
