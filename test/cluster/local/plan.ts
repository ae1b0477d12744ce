import type { Component } from "./components.ts";

/** What the harness tells a supervisor, as one line of JSON on its stdin. */
export type Plan = {
  /** Of the node, as the supervisor sees it: `logs/` and `events.jsonl` are written here. */
  folder: string;
  /** Go on when stdin ends. Otherwise its end, which is the harness's, is the cluster's. */
  keep: boolean;
  /** Run in this order before the components. */
  setup: string[][];
  /** Put before each component's command. */
  wrapper: string[];
  components: Component[];
};

/** A line of `events.jsonl`. A `component` of `*` is all of them. */
export type Event = {
  at: string;
  component: string;
  state: "starting" | "ready" | "failed" | "ended";
  pid?: number;
  detail?: string;
};

export const everything = "*";
