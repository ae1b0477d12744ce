import type { Api } from "../api/api.ts";
import { ApiError } from "../api/api.ts";

export const RUN = "0193a0b0-0000-7000-8000-000000000000";
export const POD = { namespace: "shop", name: "web-1-x" };

const line = (event: string, keys: Record<string, unknown> = {}): string =>
  JSON.stringify({ level: "info", time: "2026-03-01T12:00:00.000Z", runId: RUN, event, ...keys, msg: "" });
export const migrating = (index: number): string => line("migrating", { migration: `m${index}`, index, total: 10_000 });
export const FINISHED = line("finished");

/** What one stream gives: lines, then an end by the server, a failure, or silence until it is left. */
export type Stream = { lines?: Iterable<string>; end?: "ends" | "breaks" | "goes on" | ApiError };

/** Pods' logs as scripted: a stream after the other, the last again and again. */
export function scriptedLogs(...streams: Stream[]) {
  const asked: { path: string; query: unknown; longestLine: number }[] = [];
  let open = 0;
  const api: Pick<Api, "lines"> = {
    async *lines(path, { query, signal, longestLine }) {
      const { lines = [], end = "ends" } = streams[Math.min(asked.length, streams.length - 1)] ?? {};
      asked.push({ path, query, longestLine });
      open++;
      try {
        yield* lines;
        if (end instanceof ApiError) throw end;
        if (end === "breaks") throw new ApiError(0, "Unreachable", "socket hang up");
        if (end === "goes on" && !signal.aborted) {
          await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
        }
      } finally {
        open--;
      }
    },
  };
  return { api: api as Api, asked, open: () => open };
}
