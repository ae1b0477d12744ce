import { formatDuration } from "../../contract/duration.ts";
import type { Holder } from "../postgres/holder.ts";

/** `pid 812 (lockkeeper, active for 4m)`, with what the role may see of it. */
export function holderText(holder: Omit<Holder, "query">): string {
  const age = holder.ageMs === null ? "" : ` for ${formatDuration(holder.ageMs)}`;
  const activity = holder.state === null ? "" : `${holder.state}${age}`;
  const about = [holder.application || holder.user || "", activity].filter((part) => part !== "");
  return about.length === 0 ? `pid ${holder.pid}` : `pid ${holder.pid} (${about.join(", ")})`;
}
