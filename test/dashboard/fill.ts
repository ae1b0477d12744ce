/** A fleet with one resource in each state. */
import * as is from "./resources.ts";
import type { Served } from "./served.ts";

export function fill(dashboard: Served): void {
  dashboard.set(is.resource("shop", "web", is.blocked()), [is.gatedPod("shop", "web-6d9f-1", "web")]);
  dashboard.set(is.resource("shop", "orders", is.lockTimeout()));
  dashboard.set(is.resource("billing", "ledger", is.failed()));
  dashboard.set(is.resource("billing", "invoices", is.running()));
  dashboard.set(is.resource("ops", "grafana", is.paused()));
  dashboard.set(is.resource("ops", "audit", is.blind()));
  dashboard.set(is.resource("ops", "new"));
}
