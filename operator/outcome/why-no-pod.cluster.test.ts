/** What the events of a real API server tell of a Job without a pod. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { clusterUp } from "../../test/cluster/cluster.ts";
import type { Cluster } from "../../test/cluster/provider.ts";
import { ApiError } from "../api/api.ts";
import type { Api } from "../api/api.ts";
import { connect } from "../api/connect.ts";
import { createApi } from "../api/request.ts";
import { job } from "./pod-fixture.ts";
import { whyNoPod } from "./why-no-pod.ts";

const NAMESPACE = "why-no-pod";
const EVENTS = `/api/v1/namespaces/${NAMESPACE}/events`;

let cluster: Cluster;
let api: Api;

beforeAll(async () => {
  cluster = await clusterUp({ size: "control-plane" });
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE } });
  const options = { kubeconfig: cluster.kubeconfig, inCluster: false, userAgent: "test" };
  api = createApi(connect(options, () => performance.now()));
});
afterAll(async () => {
  await cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false", "--ignore-not-found");
  await cluster.down();
});

const jobOf = (uid: string) => {
  const { metadata } = job();
  return { metadata: { ...metadata, namespace: NAMESPACE, uid } };
};

let number = 0;
async function tell(uid: string, message: string, more: Record<string, unknown> = {}): Promise<void> {
  const involvedObject = { apiVersion: "batch/v1", kind: "Job", namespace: NAMESPACE, name: "web-1", uid };
  const metadata = { name: `event-${++number}`, namespace: NAMESPACE };
  const body = { metadata, involvedObject, reason: "FailedCreate", type: "Warning", message, ...more };
  await api.request("POST", EVENTS, { body });
}

it("the newest refusal of the Job's own pods is told, whatever came in between", async () => {
  await tell("one", "exceeded quota: old", { lastTimestamp: "2026-01-01T12:00:00Z" });
  await tell("one", "exceeded quota: pods", { lastTimestamp: "2026-01-01T12:02:00Z" });
  await tell("one", "exceeded quota: middle", { lastTimestamp: "2026-01-01T12:01:00Z" });
  await tell("one", "Created pod", { reason: "SuccessfulCreate", lastTimestamp: "2026-01-01T12:03:00Z" });
  await tell("another", "another's", { lastTimestamp: "2026-01-01T12:04:00Z" });
  expect(await whyNoPod(api, jobOf("one"))).toBe("exceeded quota: pods");
});

it("an event of the newer kind, which has only an eventTime, counts by it", async () => {
  await tell("two", "older", { lastTimestamp: "2026-01-01T12:00:00Z" });
  const eventTime = "2026-01-01T12:05:00.000000Z";
  const reporter = { reportingComponent: "job-controller", reportingInstance: "a", action: "Create" };
  await tell("two", "newer", { eventTime, ...reporter });
  expect(await whyNoPod(api, jobOf("two"))).toBe("newer");
});

it("a message is one bounded line without passwords", async () => {
  await tell("three", `denied\nby postgres://app:canary-canary@db/shop ${"x".repeat(800)}`);
  const why = await whyNoPod(api, jobOf("three"));
  expect(why).toContain("denied by postgres://app:[redacted]@db/shop");
  expect(why?.length).toBe(512);
});

it("without events, or without the right to read them, nothing is told", async () => {
  expect(await whyNoPod(api, jobOf("four"))).toBeNull();
  const forbidden = { ...api, request: async () => await Promise.reject(new ApiError(403, "Forbidden", "no")) };
  expect(await whyNoPod(forbidden, jobOf("one"))).toBeNull();
});
