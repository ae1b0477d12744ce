/** A webhook that puts a sidecar into every run's pod, as a service mesh does: it never ends. */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { join } from "node:path";
import { LABEL, MANAGED_BY } from "../../../contract/resource/names.ts";
import { makeCertificates } from "../../cluster/local/certificates.ts";
import { javascript, podOf } from "../../cluster/job.ts";
import { temporaryFolder } from "../../images/folder.ts";
import type { Stage } from "./stage.ts";

type Review = { apiVersion: string; kind: string; request: { uid: string } };

/** Injects it into the runs' pods of the stage's namespace, until the scope's end. */
export async function injectSidecar(stage: Stage, image: string, address: string): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder("webhook"));
  await makeCertificates(folder.path, [{ name: "webhook", subject: "/CN=webhook", names: [address] }]);
  const file = async (name: string): Promise<Buffer> => await readFile(join(folder.path, name));
  const [cert, key, ca] = await Promise.all(["webhook.crt", "webhook.key", "ca.crt"].map(file));
  if (cert === undefined || key === undefined || ca === undefined) throw new Error("The certificates weren't made");
  const patch = JSON.stringify([{ op: "add", path: "/spec/containers/-", value: sidecar(image) }]);
  const server = createServer({ cert, key }, (request, response) => void answer(patch, request, response));
  server.listen(0, address);
  await once(server, "listening");
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const name = `sidecar-${stage.namespace}`;
  const configuration = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name: "sidecar.e2e.lockkeeper.dev",
        clientConfig: { url: `https://${address}:${port}/`, caBundle: ca.toString("base64") },
        rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": stage.namespace } },
        objectSelector: { matchLabels: { [LABEL.managedBy]: MANAGED_BY } },
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      },
    ],
  };
  await stage.scene.cluster.apply(configuration);
  stack.defer(async () => void (await stage.kubectl("delete", "mutatingwebhookconfiguration", name)));
  const kept = stack.move();
  return { [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
}

const sidecar = (image: string) => ({
  ...podOf({ image, command: javascript("setInterval(() => {}, 1_000_000)") }).containers[0],
  name: "mesh",
});

async function answer(patch: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { apiVersion, kind, request: asked } = (await json(request)) as Review;
  const allowed = {
    uid: asked.uid,
    allowed: true,
    patchType: "JSONPatch",
    patch: Buffer.from(patch).toString("base64"),
  };
  response.end(JSON.stringify({ apiVersion, kind, response: allowed }));
}
