import type { Api } from "../api/api.ts";

/** From this minor version on the API server takes image volumes by default. */
const SINCE = 35;

/**
 * Whether the API server can be expected to take image volumes. Older ones drop the field without a word unless somebody
 * switched it on: for them a resource has to ask for it.
 */
export async function hasImageVolumes(api: Api, signal: AbortSignal): Promise<boolean> {
  const { major, minor } = await api.request<{ major?: string; minor?: string }>("GET", "/version", { signal });
  // Some providers write `35+`.
  return Number.parseInt(major ?? "", 10) > 1 || Number.parseInt(minor ?? "", 10) >= SINCE;
}
