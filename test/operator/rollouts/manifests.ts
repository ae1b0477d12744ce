/** What is rolled out: a Deployment as docs/gate.md has it, its Service, and the resource that follows it. */
import { API_VERSION, GATE, KIND } from "../../../contract/resource/names.ts";
import { podOf } from "../../cluster/job.ts";
import { LOAD, MIGRATIONS, rolledImage } from "./images.ts";

const labels = { app: "web" };

/** `image` as a template of Helm's, or a release's. */
export const deployment = (image: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 2,
    progressDeadlineSeconds: 3_600,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    selector: { matchLabels: labels },
    template: {
      metadata: { labels, annotations: { [GATE]: "web" } },
      spec: {
        ...podOf({ image }),
        schedulingGates: [{ name: GATE }],
        terminationGracePeriodSeconds: 30,
        containers: podOf({ image }).containers.map((container) => ({
          ...{ ...container, name: "web" },
          env: [{ name: "DATABASE_URL", valueFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } }],
          ports: [{ containerPort: 8080 }],
          readinessProbe: { httpGet: { path: "/ready", port: 8080 }, periodSeconds: 1, timeoutSeconds: 5 },
          // Until every node has heard that the pod is no endpoint any more, it goes on serving.
          lifecycle: { preStop: { sleep: { seconds: 5 } } },
        })),
      },
    },
  },
});

export const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
};

export const migration = {
  apiVersion: API_VERSION,
  kind: KIND,
  metadata: { name: "web" },
  spec: {
    database: { urlFrom: { secretKeyRef: { name: "web-db", key: "DATABASE_URL" } } },
    source: { workload: { name: "web" }, path: MIGRATIONS, format: "Sql" },
    drift: { interval: "0s" },
  },
};

/** Asks the Service from within the cluster. */
export const loadPod = (address: string, perSecond: number) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "load", labels: { app: "load" } },
  spec: {
    ...podOf({ image: rolledImage(0), command: ["/nodejs/bin/node", LOAD, `http://${address}/`, String(perSecond)] }),
    restartPolicy: "Never",
  },
});
