/** The CronJob of the operator's chart: what helm makes of it, and that its command does what it is for. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import { temporaryFolder } from "../images/folder.ts";
import { render } from "../operator/helm.ts";
import type { Manifest } from "../operator/helm.ts";
import { inProcess } from "./command.ts";
import { alert, json, opsPayload, standIn } from "./stand-in.ts";

type Json = Record<string, unknown>;
type PodSpec = {
  automountServiceAccountToken: boolean;
  serviceAccountName?: string;
  containers: [{ args: string[]; volumeMounts: Json[] }];
  volumes: Json[];
};
type CronJob = Manifest & {
  spec: {
    schedule: string;
    concurrencyPolicy: string;
    jobTemplate: { spec: { backoffLimit: number; template: { metadata: { labels: Json }; spec: PodSpec } } };
  };
};

const ON = { ops: { tokenSecret: { name: "ops-token" } }, check: { enabled: true } };
const rendered = async (values: Json, name = "lockkeeper"): Promise<Manifest[]> =>
  await render("lockkeeper", { namespace: "ops", name, values });
const cronJobOf = (objects: Manifest[]): CronJob | undefined =>
  objects.find(({ kind }) => kind === "CronJob") as CronJob | undefined;

async function cronJob(values: Json, name?: string): Promise<CronJob> {
  const found = cronJobOf(await rendered(values, name));
  if (found === undefined) throw new Error("the chart has no CronJob");
  return found;
}

describe("the chart's check", () => {
  it("is off unless it is asked for, and then needs a token and the endpoint", async () => {
    expect(cronJobOf(await rendered({}))).toBeUndefined();
    await expect(rendered({ check: { enabled: true } })).rejects.toThrow(/check.enabled needs ops.tokenSecret.name/);
    await expect(rendered({ ...ON, ops: { ...ON.ops, enabled: false } })).rejects.toThrow(
      /check.enabled needs ops.enabled/,
    );
    await expect(rendered({ check: { lookbackMinutes: 0 } })).rejects.toThrow(/lookbackMinutes/);
  });

  it("runs by its schedule, one at a time and once, without an account's token, as other pods than the operator's", async () => {
    const { metadata, spec } = await cronJob({ ...ON, check: { enabled: true, schedule: "*/30 * * * *" } });
    expect(metadata).toMatchObject({ name: "lockkeeper-check", namespace: "ops" });
    expect(spec).toMatchObject({
      schedule: "*/30 * * * *",
      concurrencyPolicy: "Forbid",
      jobTemplate: { spec: { backoffLimit: 0 } },
    });
    const { template } = spec.jobTemplate.spec;
    expect(template.metadata.labels["app.kubernetes.io/name"]).toBe("lockkeeper-check");
    expect(template.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
        },
      ],
    });
    expect(template.spec.serviceAccountName).toBeUndefined();
    const long = await cronJob(ON, "a-release-whose-name-is-as-long-as-helm-lets-it-be-53");
    expect(long.metadata.name.length).toBeLessThanOrEqual(52);
  });

  it("may ask the operator, DNS and, where there is one, a webhook; and the operator may be asked by it", async () => {
    const policies = async (values: Json): Promise<unknown[]> =>
      (await rendered(values))
        .filter(({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name.includes("-check"))
        .map(({ spec }) => spec);
    const own = { "app.kubernetes.io/name": "lockkeeper-check", "app.kubernetes.io/instance": "lockkeeper" };
    const operators = { "app.kubernetes.io/name": "lockkeeper", "app.kubernetes.io/instance": "lockkeeper" };
    const dns = { ports: ["UDP", "TCP"].map((protocol) => ({ port: 53, protocol })) };
    const operator = { ports: [{ port: 8080 }], to: [{ podSelector: { matchLabels: operators } }] };
    expect(await policies(ON)).toEqual([
      { podSelector: { matchLabels: own }, policyTypes: ["Ingress", "Egress"], ingress: [], egress: [operator, dns] },
      {
        podSelector: { matchLabels: operators },
        policyTypes: ["Ingress"],
        ingress: [{ ports: [{ port: 8080 }], from: [{ podSelector: { matchLabels: own } }] }],
      },
    ]);
    const notified = { ...ON, check: { enabled: true, notifyUrlSecret: { name: "hook" } } };
    expect(await policies(notified)).toMatchObject([{ egress: [operator, { ports: [{ port: 443 }] }, dns] }, {}]);
    expect(await policies({ ...ON, networkPolicy: { enabled: false } })).toEqual([]);
  });

  it("asks the operator's Service with the token's file, looks back as told, and tells the webhook", async () => {
    const values = {
      ops: { port: 9090, tokenSecret: { name: "ops-token", key: "value" } },
      check: { enabled: true, strict: true, lookbackMinutes: 45, notifyUrlSecret: { name: "hook" } },
    };
    const { containers, volumes } = (await cronJob(values)).spec.jobTemplate.spec.template.spec;
    const [{ args, volumeMounts }] = containers;
    expect(volumes).toMatchObject([
      { name: "token", secret: { secretName: "ops-token", items: [{ key: "value", path: "token" }] } },
      { name: "notify", secret: { secretName: "hook", items: [{ key: "url", path: "url" }] } },
    ]);
    expect(volumeMounts).toMatchObject([
      { name: "token", mountPath: "/etc/lockkeeper/ops" },
      { name: "notify", mountPath: "/etc/lockkeeper/notify" },
    ]);

    const critical = opsPayload({ status: "critical", alerts: [alert("RECENT_FAILURE")] });
    await using operator = await standIn(json(critical, 503));
    await using webhook = await standIn(json({}));
    await using folder = await temporaryFolder("check");
    for (const [name, file, content] of [
      ["ops", "token", "a-token-0123456789\n"],
      ["notify", "url", `${webhook.origin}/x\n`],
    ] as const) {
      await mkdir(join(folder.path, name));
      await writeFile(join(folder.path, name, file), content);
    }
    // As in the pod, but for where the Service and the Secrets are.
    const moved = args.map((arg) =>
      arg.replace("http://lockkeeper-ops.ops.svc:9090", operator.origin).replace("/etc/lockkeeper", folder.path),
    );
    expect(moved).not.toEqual(args);
    expect(await inProcess(moved, {})).toMatchObject({ code: EXIT.critical });
    expect(operator.asked).toMatchObject([
      {
        url: "/api/ops/migrations?lookbackMinutes=45&limit=3",
        headers: { authorization: "Bearer a-token-0123456789" },
      },
    ]);
    expect(webhook.asked).toHaveLength(1);
  });
});
