import { ApiError } from "../api/api.ts";
import type { Api } from "../api/api.ts";
import { pathOf } from "../api/path.ts";
import type { Job } from "../kubernetes/objects.ts";
import { told } from "./told.ts";

type Event = {
  metadata: { creationTimestamp?: string | null };
  message?: string;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  series?: { lastObservedTime?: string | null } | null;
};

const CORE_EVENTS = { api: "/api/v1", plural: "events" };
/** The Job controller aggregates: there are few. */
const MOST_EVENTS = 50;

/**
 * What the Job controller said last about why it can't make the Job's pod: a quota's or a webhook's own words. At most 512
 * characters; null where nothing is said, or where events can't be read: they are a help, nothing rests on them.
 */
export async function whyNoPod(api: Api, { metadata }: Pick<Job, "metadata">): Promise<string | null> {
  const query = { fieldSelector: `involvedObject.uid=${metadata.uid},reason=FailedCreate`, limit: MOST_EVENTS };
  try {
    const { items = [] } = await api.request<{ items?: Event[] }>("GET", pathOf(CORE_EVENTS, metadata.namespace), {
      query,
    });
    const newest = items.toSorted((a, b) => lastSeen(b) - lastSeen(a))[0];
    return newest?.message === undefined || newest.message === "" ? null : told(newest.message);
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

/** Ms since 1970; 0 where the event has no time. */
function lastSeen({ series, lastTimestamp, eventTime, metadata }: Event): number {
  const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return time === undefined || time === null ? 0 : Date.parse(time) || 0;
}
