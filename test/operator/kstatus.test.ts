import { expect, test } from "vitest";
import { computeKstatus } from "./kstatus.ts";
import type { Kstatus, Observed } from "./kstatus.ts";

const is = (...conditions: string[]): { type: string; status: string }[] =>
  conditions.map((condition) => {
    const [type = "", status = ""] = condition.split("=");
    return { type, status };
  });

test.each<[string, Kstatus, Observed]>([
  ["no status", "Current", { metadata: { generation: 1 } }],
  ["no conditions", "Current", { metadata: { generation: 1 }, status: { observedGeneration: 1 } }],
  [
    "ready",
    "Current",
    { metadata: { generation: 2 }, status: { observedGeneration: 2, conditions: is("Ready=True") } },
  ],
  [
    "ready, of an older generation",
    "InProgress",
    { metadata: { generation: 2 }, status: { observedGeneration: 1, conditions: is("Ready=True") } },
  ],
  [
    "stalled, of an older generation",
    "InProgress",
    { metadata: { generation: 2 }, status: { observedGeneration: 1, conditions: is("Stalled=True") } },
  ],
  ["ready, of a generation that isn't told", "Current", { metadata: {}, status: { conditions: is("Ready=True") } }],
  ["not ready", "InProgress", { metadata: {}, status: { conditions: is("Ready=False") } }],
  ["of unknown readiness", "InProgress", { metadata: {}, status: { conditions: is("Ready=Unknown") } }],
  [
    "ready and reconciling",
    "InProgress",
    { metadata: {}, status: { conditions: is("Ready=True", "Reconciling=True") } },
  ],
  ["not ready and stalled", "Failed", { metadata: {}, status: { conditions: is("Ready=False", "Stalled=True") } }],
  ["ready and not stalled", "Current", { metadata: {}, status: { conditions: is("Stalled=False", "Ready=True") } }],
  [
    "both: the first counts",
    "Failed",
    { metadata: {}, status: { conditions: is("Stalled=True", "Reconciling=True") } },
  ],
  ["of other conditions", "Current", { metadata: {}, status: { conditions: is("Drifted=True") } }],
  [
    "being deleted",
    "Terminating",
    { metadata: { generation: 2, deletionTimestamp: "2026-03-01T00:00:00Z" }, status: { observedGeneration: 1 } },
  ],
])("a resource is taken as kstatus takes it: %s", (_name, expected, resource) => {
  expect(computeKstatus(resource)).toBe(expected);
});
